"""Makes the README's table of rights; ``python -m tests.house.rights_table`` prints it."""

from helpdesk.access.rules import ORGANIZATION_ADMINISTRATOR_RIGHTS, RIGHTS, SERVICE_KEY_RIGHTS, rights_of_agent
from helpdesk.agents.rules import Role
from helpdesk.graphql import ids, permissions
from helpdesk.graphql.schema import build

START = "<!-- rights -->"
END = "<!-- /rights -->"
HOLDERS = (
    rights_of_agent(Role.AGENT),
    rights_of_agent(Role.ADMINISTRATOR),
    ORGANIZATION_ADMINISTRATOR_RIGHTS,
    SERVICE_KEY_RIGHTS,
)


def rights_table() -> str:
    """Return the table as Markdown, one line a right in the order of their declaration."""
    build()  # imports every type that ids can name
    lines = [
        "| Right | What it allows | Agent | Administrator | Organization administrator | Service key | Operations |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(_line, RIGHTS)])


def _line(right: str) -> str:
    held = " | ".join("yes" if right in rights else "" for rights in HOLDERS)
    return f"| `{right}` | {RIGHTS[right]} | {held} | {', '.join(_operations(right))} |".replace("|  |", "| |").replace(
        "|  |", "| |"
    )


def _operations(right: str) -> list[str]:
    """Return what needs the right: root fields by their name alone, fields of types, and what ``node`` finds."""
    some = [field for field, told in permissions.SOMETIMES.items() if f"`{right}`" in told]
    nodes = [name for name, one in sorted(ids.rights().items()) if one == right]
    return [
        *map(_called, permissions.NEEDED.get(right, ())),
        *(f"some of {_called(field)}" for field in some),
        *([f"`node` of {', '.join(nodes)}"] if nodes else []),
    ]


def _called(field: str) -> str:
    return f"`{field.removeprefix('Query.').removeprefix('Mutation.')}`"


if __name__ == "__main__":
    print(START, rights_table(), END, sep="\n")
