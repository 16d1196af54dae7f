"""The webhook channel: signed JSON in, signed JSON out. Imports ``helpdesk.sdk`` and nothing else of the desk."""
