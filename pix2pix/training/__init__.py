"""The training: from options to results."""
