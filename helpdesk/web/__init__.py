"""Speaks HTTP: blueprints, the GraphQL edge, hooks, files, help center pages. Holds no rule and no query."""
