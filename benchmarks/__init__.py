"""Speed, measured: one command for each figure of the README."""
