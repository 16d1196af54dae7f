"""A plugin-based, extensible helpdesk framework with a GraphQL API."""
