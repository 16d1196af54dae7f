"""Owns members, the agents they are in each service, and agent groups. Refuses to decide what they may do."""
