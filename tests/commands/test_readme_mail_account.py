"""The README's mail account: its variables fit the schema, and make one on a desk that ``init`` has made."""

import json

from graphql import build_schema, parse, validate

from helpdesk.channels import accounts, queries
from helpdesk.kernel import actors
from tests.commands.conftest import Shell
from tests.house.readme import blocks
from tests.house.tree import ROOT

SECTION = (ROOT / "README.md").read_text().partition("## A mail account\n")[2].partition("\n## ")[0]


def example(language: str) -> str:
    """Return the one block of a language in the section."""
    (found,) = [block.text for block in blocks(SECTION) if block.language == language]
    return found


def test_variables_of_the_readme_make_a_mail_account_that_reads_and_writes(made: Shell) -> None:
    wanted = json.loads(example("json"))["input"]
    with made.opened() as service_id:
        number = accounts.create(actors.system(service_id), **wanted)
        row = queries.primary_account(service_id, "email")
        assert row is not None
        assert (row.id, row.is_enabled, row.settings["spam_header"]) == (number, True, "X-Spam-Flag")
        assert {"imap_password", "smtp_password"} & row.settings.keys() == set(), "A secret can be read."


def test_mutation_of_the_readme_takes_the_variables() -> None:
    schema = build_schema((ROOT / "schema/schema.graphql").read_text())
    assert validate(schema, parse(example("graphql"))) == []
    taken = schema.type_map["ChannelAccountCreateInput"].fields  # type: ignore[attr-defined]
    assert json.loads(example("json"))["input"].keys() <= taken.keys()
