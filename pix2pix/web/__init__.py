"""The pages of `app.py` and the routes behind them; torch is not needed."""
