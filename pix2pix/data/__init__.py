"""Pairs: where they come from, and how they are trained on."""
