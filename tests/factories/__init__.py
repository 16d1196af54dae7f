"""What tests start from: desks, people, channels. Made through the rooms' own operations."""
