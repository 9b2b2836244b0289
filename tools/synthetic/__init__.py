"""Synthetic pictures for tests and training: digits, letters and scribbles as lines, and the paper under them."""
