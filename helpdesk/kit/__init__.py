"""Owns the desk that plugin authors test with, and the checks of a plugin's folder. Refuses to serve anybody else."""
