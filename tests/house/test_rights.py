"""The README's table of rights is the one that is made from the code, and the schema says the same."""

from helpdesk.access.rules import RIGHTS
from helpdesk.graphql import permissions
from tests.house.rights_table import END, START, rights_table
from tests.house.tree import ROOT


def test_readme_holds_the_table_of_rights() -> None:
    readme = (ROOT / "README.md").read_text()
    assert readme.count(START) == readme.count(END) == 1, f"README.md needs {START} and {END} once each."
    table = readme.partition(START)[2].partition(END)[0].strip()
    assert table == rights_table(), "Run `python -m tests.house.rights_table` and put its output into README.md."


def test_table_says_who_holds_a_right_and_what_needs_it() -> None:
    table = rights_table()
    assert "| `ticket.note` | Leave a note that customers never see. | yes | yes | | yes | `ticketAddNote` |" in table
    assert "| `open_api.write` |" in table
    (line,) = [line for line in table.splitlines() if line.startswith("| `open_api.write` |")]
    assert "| | yes | | | `openApiSet`, " in line


def test_schema_says_the_right_of_every_field_that_needs_one() -> None:
    schema = (ROOT / "schema" / "schema.graphql").read_text()
    for right in RIGHTS:
        fields = permissions.NEEDED.get(right, ())
        assert schema.count(permissions.sentence(right)) == len(fields)
