"""The numbered schema changes of the core, applied in order; a change that has landed is never edited."""
