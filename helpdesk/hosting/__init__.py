"""Owns what whole plugins are given of the desk, and what it asks of them. Refuses HTTP and GraphQL."""
