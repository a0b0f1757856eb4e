"""Compares the upload server with others, side by side in one run; started by scripts/bench."""
