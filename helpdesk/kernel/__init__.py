"""What every room stands on: database, events, jobs, crypto, storage. Knows no domain word."""
