"""The Hugging Face Hub: names, transfer both ways, a Space. Nothing here knows a network."""
