"""Which versions of the pages of the SDK the core keeps."""

APIS: tuple[int, ...] = (1,)
"""The newest, and the one before: what was written for either is taken."""
