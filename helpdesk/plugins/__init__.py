"""Owns what is installed beside the core: finds, checks, loads, switches and guards it. Refuses to know its domain."""
