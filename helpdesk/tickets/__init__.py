"""Owns tickets, their messages, attachments and life cycle. Refuses to know how a message arrives or leaves."""
