"""Owns who is asking: sessions, service keys, allowed addresses, rights. Refuses to know what they ask for."""
