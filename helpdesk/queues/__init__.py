"""Owns who is given a ticket: picks an agent of a group by an assigner. Refuses to know why it is to be given."""
