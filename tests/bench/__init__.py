"""Measures the desk against the raw limit, as ratios of one interleaved run: ``python -m tests.bench``."""
