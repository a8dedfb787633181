"""Questions that were answered once, with what answers them again."""
