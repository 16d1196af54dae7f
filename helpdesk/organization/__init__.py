"""Owns organizations and their services: id, names, languages, time zone. Refuses to know who works there."""
