"""Owns customers, the identities they are known by, and their earlier values. Refuses to know about tickets."""
