"""The service in the schema: its facts, who works in it, and the channels that it could have."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from helpdesk.agents import queries as agent_queries
from helpdesk.channels import queries as channels
from helpdesk.graphql import enums, ids, localized, nodes
from helpdesk.graphql.agents import Agent, AgentGroup
from helpdesk.graphql.arguments import Input
from helpdesk.graphql.batching import batched
from helpdesk.graphql.company_information import CompanyInformation
from helpdesk.graphql.context import Context, Info
from helpdesk.graphql.localized import LocalizedText, LocalizedTextInput
from helpdesk.graphql.nodes import Node
from helpdesk.graphql.user_errors import Payload, answers
from helpdesk.organization import features, operations, queries
from helpdesk.organization.queries import ServiceRow
from helpdesk.organization.rules import EditorType, ServiceState

ids.declare(ids.NodeKind("Service", ServiceRow, "service.read", queries.services_by_ids, owner="id"))

enums.declare(
    EditorType,
    description="Which editor the service writes with.",
    values={"TEXT": "Plain text.", "HTML": "Text with formatting and images."},
)

enums.declare(
    ServiceState,
    description="Whether a service works.",
    values={
        "IN_USE": "It works.",
        "PAUSED": "It answers nobody but administrators of the organization, and keeps what comes in.",
        "STOPPED": "As paused, and for good.",
    },
)

Language = Annotated[
    str | None,
    strawberry.argument(
        description="A language code, such as ko; without one, or in one that is missing, the default."
    ),
]


@strawberry.type(description="Something that the contract of a service may have or not.")
class ServiceFeature:
    """Something that the contract of a service may have or not."""

    code: str = strawberry.field(description="The feature's code, such as chat.")
    description: str = strawberry.field(description="What it governs.")
    is_on: bool = strawberry.field(description="Whether the service has it; what it governs is hidden when not.")


@strawberry.type(description="One help desk with its help center.")
class Service(Node):
    """One help desk with its help center."""

    slug: str = strawberry.field(description="The service id with which its URLs begin; it never changes.")
    languages: list[str] = strawberry.field(description="The languages that it speaks, in the order of showing.")
    default_language: str = strawberry.field(description="The language for whoever has not chosen one.")
    time_zone: str = strawberry.field(description="Its time zone by the IANA name, such as Asia/Seoul.")
    editor_type: EditorType = strawberry.field(description="Which editor it writes with.")
    theme: str = strawberry.field(description="The code of its help center theme.")
    state: ServiceState = strawberry.field(description="Whether it works.")

    @strawberry.field(description="The service's name.")
    def name(self, language: Language = None) -> str:
        """Return the name in the language, or in the default one."""
        names: Mapping[str, str] = self.names
        return names[language if language in self.languages else self.default_language]

    @strawberry.field(description="The service's name in each of its languages, in their order.")
    def names(self) -> list[LocalizedText]:
        """Return the names."""
        names: Mapping[str, str] = self.names
        return localized.listed(names, self.languages)

    @strawberry.field(graphql_type=list[ServiceFeature], description="What its contract may have, and has.")
    def features(self) -> Any:
        """Return all features with their switches."""
        return features.features_of(self)  # type: ignore[arg-type]  # the source is the row

    @batched(
        description="What it shows of the company at the foot of its help center; null for nothing.",
        graphql_type=CompanyInformation | None,
    )
    def company_information(rows: Sequence[ServiceRow], _context: Context) -> list[Any]:
        """Return what each service shows of the company."""
        return queries.company_information_by_ids([row.company_information_id for row in rows])

    is_type_of = nodes.of(ServiceRow)


@strawberry.type(description="A way in and out that is installed, of which a service can have accounts.")
class ChannelDriver:
    """A way in and out that is installed."""

    code: str = strawberry.field(description="The channel's code, such as email.")
    settings_schema: JSON = strawberry.field(
        description="What an account's settings must be, as JSON Schema; a field of format `password` is a secret."
    )

    @strawberry.field(description="The name that people see.")
    def title(self, info: Info, language: Language = None) -> str:
        """Return the title in the language, the service's default one, or English, which every channel has."""
        titles: Mapping[str, str] = self.titles  # type: ignore[attr-defined]  # of the driver
        default = titles.get(info.context.service.default_language) or titles["en"]
        return titles.get(language, default) if language else default


@strawberry.type
class ServiceQueries:
    """Query fields over the service of the URL."""

    @strawberry.field(graphql_type=Service, description="The service whose address was called.")
    def service(self, info: Info) -> Any:
        """Return the service of the URL."""
        info.context.actor.require("service.read")
        return info.context.service

    @strawberry.field(graphql_type=list[Agent], description="The service's agents, oldest first, deactivated ones too.")
    def agents(self, info: Info) -> Any:
        """Return the agents."""
        info.context.actor.require("agent.read")
        return agent_queries.agents_of_service(info.context.service.id)

    @strawberry.field(graphql_type=list[AgentGroup], description="The service's groups of agents, oldest first.")
    def agent_groups(self, info: Info) -> Any:
        """Return the groups."""
        info.context.actor.require("agent.read")
        return agent_queries.groups_of_service(info.context.service.id)

    @strawberry.field(graphql_type=list[ChannelDriver], description="The channels that are installed, by their code.")
    def channel_drivers(self, info: Info) -> Any:
        """Return the drivers."""
        info.context.actor.require("channel_account.read")
        return channels.drivers(info.context.service.id)


@strawberry.input(description="What to change of the service; what is left out stays.")
class ServiceUpdateInput:
    """Changes of the service."""

    names: list[LocalizedTextInput] | None = strawberry.field(
        default=None, description="New names, each in one of its languages; those of other languages stay."
    )
    languages: list[str] | None = strawberry.field(
        default=None,
        description="All languages that it is to speak, in the order of showing. A removed one keeps its texts.",
    )
    default_language: str | None = strawberry.field(default=None, description="One of its languages.")
    time_zone: str | None = strawberry.field(
        default=None, description="A time zone by its IANA name, such as Asia/Seoul."
    )
    editor_type: EditorType | None = strawberry.field(default=None, description="Which editor it writes with.")
    theme: str | None = strawberry.field(default=None, description="The code of an installed help center theme.")


@strawberry.type(description="The service as it is now.")
class ServiceUpdatePayload(Payload):
    """The service as it is now."""

    service: Service | None = strawberry.field(default=None, description="The service; null on errors.")


@strawberry.type
class ServiceMutations:
    """Mutations of the service of the URL."""

    @strawberry.mutation(description="Change the service's settings.")
    @answers(ServiceUpdatePayload)
    def service_update(self, info: Info, input: Input[ServiceUpdateInput]) -> ServiceUpdatePayload:
        """Change the service."""
        operations.update_service(
            info.context.actor,
            names=localized.by_language(input.names, path="names"),
            languages=input.languages,
            default_language=input.default_language,
            time_zone=input.time_zone,
            editor_type=input.editor_type,
            theme=input.theme,
        )
        return ServiceUpdatePayload(service=queries.services_by_ids([info.context.service.id])[0])  # type: ignore[arg-type]
