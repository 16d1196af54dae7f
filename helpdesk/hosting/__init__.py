"""Owns what whole plugins are given of the desk, and what the desk asks of them. Refuses to know HTTP and GraphQL."""
