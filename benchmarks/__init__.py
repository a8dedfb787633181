"""Speed, measured: one command for each figure of docs/benchmarks.md."""
