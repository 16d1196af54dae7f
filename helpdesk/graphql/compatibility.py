"""Compares two schemas for what would break a client's documents."""

from graphql import GraphQLError, build_schema, find_breaking_changes

from helpdesk.kernel.errors import Invalid


def breaking_changes(before: str, after: str) -> list[str]:
    """Return a sentence for each change that breaks clients of the schema before. Raises Invalid for no schema."""
    try:
        old = build_schema(before)
    except (GraphQLError, TypeError) as error:  # TypeError: it parses, and its types do not fit together
        reason = str(error).strip().splitlines()[0]
        raise Invalid(f"The file holds no GraphQL schema: {reason}", code="BAD_SCHEMA") from error
    return [change.description for change in find_breaking_changes(old, build_schema(after))]
