"""Checkpoints to ONNX graphs, and other programs' weights to ours."""
