"""The desk that ``helpdesk demo`` shows: made by the rooms' own operations, with a mail server of its own."""
