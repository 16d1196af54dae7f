"""What the code of the release before writes and reads: recorded statements, which every newer schema must take."""
