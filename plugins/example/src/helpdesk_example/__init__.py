"""One plugin of every kind, a file each, to copy from. Imports ``helpdesk.sdk`` and nothing else of the desk."""
