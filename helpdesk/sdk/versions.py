"""Which versions of the SDK's pages the core keeps."""

APIS: tuple[int, ...] = (1,)
"""The newest, and the one before: what was written for either is taken."""
