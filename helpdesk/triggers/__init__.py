"""Owns what is done to tickets by actions, and what conditions ask of them. Refuses to know who wants it done."""
