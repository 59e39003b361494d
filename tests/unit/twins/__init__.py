"""Slow, obvious Python twins of what the compiled library does."""
