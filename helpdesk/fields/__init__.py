"""Owns what may be entered in forms: the types of fields, and what each takes. Refuses to know who asks for it."""
