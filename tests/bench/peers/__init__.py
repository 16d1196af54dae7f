"""Other servers of the same page over the same tables, for ``python -m tests.bench --peers FOLDER``."""
