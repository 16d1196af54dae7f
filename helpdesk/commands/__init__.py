"""The helpdesk command line, one file a group of verbs."""
