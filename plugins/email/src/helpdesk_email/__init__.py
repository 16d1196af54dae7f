"""The email channel: IMAP in, SMTP out. Imports ``helpdesk.sdk`` and nothing else of the desk."""
