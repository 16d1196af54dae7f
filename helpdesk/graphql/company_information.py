"""What an organization says of itself, in the schema."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import strawberry

from helpdesk.graphql import enums, ids, localized, nodes
from helpdesk.graphql.arguments import Input
from helpdesk.graphql.context import Info
from helpdesk.graphql.localized import LocalizedText, LocalizedTextInput
from helpdesk.graphql.nodes import Node
from helpdesk.graphql.user_errors import Payload, answers
from helpdesk.organization import company_information as operations
from helpdesk.organization import queries
from helpdesk.organization.queries import CompanyInformationRow
from helpdesk.organization.rules import CompanyInformationKind

ids.declare(
    ids.NodeKind(
        "CompanyInformation",
        CompanyInformationRow,
        "organization.read",
        queries.company_information_by_ids,
        owner="organization_id",
    )
)

enums.declare(
    CompanyInformationKind,
    description="What a text about the company is.",
    values={
        "COMPANY": "Who the company is, and how it is reached.",
        "TERMS_OF_USE": "Its terms of use.",
        "TRADEMARK_AND_COPYRIGHT": "Its trademarks and copyright.",
    },
)


@strawberry.type(description="A text about the company, which services may show at the foot of their help centers.")
class CompanyInformation(Node):
    """A text about the company."""

    kind: CompanyInformationKind = strawberry.field(description="What the text is.")
    name: str = strawberry.field(description="What administrators know it by; visitors do not see it.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    @strawberry.field(description="The text in each language that there is, by the language's code.")
    def texts(self) -> list[LocalizedText]:
        """Return the texts."""
        texts: Mapping[str, str] = self.texts
        return localized.listed(texts, sorted(texts))

    is_type_of = nodes.of(CompanyInformationRow)


@strawberry.input(description="A new text about the company.")
class CompanyInformationCreateInput:
    """A new text about the company."""

    kind: CompanyInformationKind = strawberry.field(description="What the text is.")
    name: str = strawberry.field(description="What administrators are to know it by.")
    texts: list[LocalizedTextInput] = strawberry.field(description="The plain text in one language or more.")


@strawberry.input(description="What to change of a text about the company; what is left out stays.")
class CompanyInformationUpdateInput:
    """Changes of a text about the company."""

    id: strawberry.ID = strawberry.field(description="The company information.")
    name: str | None = strawberry.field(default=None, description="What administrators are to know it by.")
    texts: list[LocalizedTextInput] | None = strawberry.field(
        default=None, description="New texts by language; an empty one takes its language out, other languages stay."
    )


@strawberry.input(description="The text about the company that is to go.")
class CompanyInformationDeleteInput:
    """The text about the company that is to go."""

    id: strawberry.ID = strawberry.field(description="The company information.")


@strawberry.type(description="The text that was made.")
class CompanyInformationCreatePayload(Payload):
    """The text that was made."""

    company_information: CompanyInformation | None = strawberry.field(
        default=None, description="The company information; null on errors."
    )


@strawberry.type(description="The text as it is now.")
class CompanyInformationUpdatePayload(Payload):
    """The text as it is now."""

    company_information: CompanyInformation | None = strawberry.field(
        default=None, description="The company information; null on errors."
    )


@strawberry.type(description="What was deleted.")
class CompanyInformationDeletePayload(Payload):
    """What was deleted."""

    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="Its id; null on errors.")


@strawberry.type
class CompanyInformationMutations:
    """Mutations of what an organization says of itself."""

    @strawberry.mutation(description="Write a text about the company. No service shows it yet.")
    @answers(CompanyInformationCreatePayload)
    def company_information_create(
        self, info: Info, input: Input[CompanyInformationCreateInput]
    ) -> CompanyInformationCreatePayload:
        """Make an entry."""
        texts = localized.by_language(input.texts, path="texts") or {}
        entry_id = operations.create(info.context.actor, kind=input.kind, name=input.name, texts=texts)
        return CompanyInformationCreatePayload(company_information=_entry(entry_id))

    @strawberry.mutation(description="Change a text about the company; help centers that show it change at once.")
    @answers(CompanyInformationUpdatePayload)
    def company_information_update(
        self, info: Info, input: Input[CompanyInformationUpdateInput]
    ) -> CompanyInformationUpdatePayload:
        """Change an entry."""
        entry_id = ids.required_row_id(input.id, "CompanyInformation", path="id")
        texts = localized.by_language(input.texts, path="texts")
        operations.update(info.context.actor, entry_id, name=input.name, texts=texts)
        return CompanyInformationUpdatePayload(company_information=_entry(entry_id))

    @strawberry.mutation(description="Delete a text about the company; services that show it show none.")
    @answers(CompanyInformationDeletePayload)
    def company_information_delete(
        self, info: Info, input: Input[CompanyInformationDeleteInput]
    ) -> CompanyInformationDeletePayload:
        """Delete an entry."""
        operations.delete(info.context.actor, ids.required_row_id(input.id, "CompanyInformation", path="id"))
        return CompanyInformationDeletePayload(deleted_id=input.id)


def _entry(entry_id: int) -> Any:
    return queries.company_information_by_ids([entry_id])[0]
