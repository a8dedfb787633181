"""The page of a run, while it trains and after."""
