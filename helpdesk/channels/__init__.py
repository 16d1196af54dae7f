"""Owns channel accounts, the inbox and the outbox: the only way in and out. Refuses to speak any protocol."""
