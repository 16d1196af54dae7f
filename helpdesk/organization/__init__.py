"""Owns organizations, company information, and services with features and states. Refuses to know who works there."""
