"""Owns what whole plugins are given of the desk, what it asks of them, and its own one. Refuses HTTP and GraphQL."""
