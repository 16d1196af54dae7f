"""What is above the services in the schema: the organization, its services, and who looks after it.

The organization is that of the service of the URL. Source: SPEC GEN-01, GEN-08, GEN-09.
"""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from collections.abc import Sequence
from typing import Any

import strawberry

from helpdesk.agents import administrators
from helpdesk.agents import queries as agents
from helpdesk.graphql import ids, localized, nodes
from helpdesk.graphql.agents import Member
from helpdesk.graphql.arguments import Input
from helpdesk.graphql.batching import batched
from helpdesk.graphql.company_information import CompanyInformation
from helpdesk.graphql.context import Context, Info
from helpdesk.graphql.localized import LocalizedTextInput
from helpdesk.graphql.nodes import Node
from helpdesk.graphql.service import Service
from helpdesk.graphql.user_errors import Payload, answers
from helpdesk.organization import company_information, contracts, features, operations, queries
from helpdesk.organization.queries import OrganizationRow
from helpdesk.organization.rules import EditorType, ServiceState

ids.declare(
    ids.NodeKind(
        "Organization", OrganizationRow, "organization.read", queries.organizations_by_ids, owner="organization_id"
    )
)


@strawberry.type(description="The owner of services, and of the people who work in them.")
class Organization(Node):
    """The owner of services."""

    name: str = strawberry.field(description="The organization's name.")

    @batched(description="Its services, oldest first.", graphql_type=list[Service])
    def services(rows: Sequence[OrganizationRow], _context: Context) -> list[Any]:
        """Return each organization's services."""
        return [queries.services_of_organization(row.id) for row in rows]

    @batched(
        description="The members who look after it and may log in, in the order of adding.", graphql_type=list[Member]
    )
    def administrators(rows: Sequence[OrganizationRow], _context: Context) -> list[Any]:
        """Return each organization's administrators."""
        return [agents.organization_administrators(row.id) for row in rows]

    @batched(description="Its members in the order of adding, inactive ones too.", graphql_type=list[Member])
    def members(rows: Sequence[OrganizationRow], _context: Context) -> list[Any]:
        """Return each organization's members."""
        return [agents.members_of_organization(row.id) for row in rows]

    @batched(
        description="Its texts about the company, oldest first, shown or not.",
        graphql_type=list[CompanyInformation],
    )
    def company_information(rows: Sequence[OrganizationRow], _context: Context) -> list[Any]:
        """Return each organization's company information."""
        return [queries.company_information_of(row.id) for row in rows]

    is_type_of = nodes.of(OrganizationRow)


@strawberry.type
class OrganizationQueries:
    """Query fields over what is above the services."""

    @strawberry.field(
        graphql_type=Organization, description="The organization of the service, for its administrators alone."
    )
    def organization(self, info: Info) -> Any:
        """Return the organization."""
        info.context.actor.require("organization.read")
        return _present(info.context)


@strawberry.input(description="What to change of the organization.")
class OrganizationUpdateInput:
    """Changes of the organization."""

    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="The organization as it is now.")
class OrganizationUpdatePayload(Payload):
    """The organization as it is now."""

    organization: Organization | None = strawberry.field(default=None, description="The organization; null on errors.")


@strawberry.input(description="Who is to look after the organization.")
class OrganizationAdministratorAddInput:
    """Who is to look after the organization."""

    id: strawberry.ID = strawberry.field(description="The member.")


@strawberry.input(description="Who is to look after the organization no more.")
class OrganizationAdministratorRemoveInput:
    """Who is to look after the organization no more."""

    id: strawberry.ID = strawberry.field(description="The member.")


@strawberry.type(description="The member as it is now.")
class OrganizationAdministratorAddPayload(Payload):
    """The member as it is now."""

    member: Member | None = strawberry.field(default=None, description="The member; null on errors.")


@strawberry.type(description="The member as it is now.")
class OrganizationAdministratorRemovePayload(Payload):
    """The member as it is now."""

    member: Member | None = strawberry.field(default=None, description="The member; null on errors.")


@strawberry.input(description="A new service of the organization.")
class ServiceCreateInput:
    """A new service."""

    slug: str = strawberry.field(
        description="The id with which its addresses begin: small letters, digits and hyphens. It never changes."
    )
    names: list[LocalizedTextInput] = strawberry.field(description="Its name in each of its languages.")
    languages: list[str] = strawberry.field(description="The languages that it speaks, in the order of showing.")
    default_language: str = strawberry.field(description="One of its languages.")
    time_zone: str = strawberry.field(description="Its time zone by the IANA name, such as Asia/Seoul.")
    editor_type: EditorType = strawberry.field(default=EditorType.HTML, description="Which editor it writes with.")


@strawberry.type(description="The service that was made.")
class ServiceCreatePayload(Payload):
    """The service that was made."""

    service: Service | None = strawberry.field(default=None, description="The service; null on errors.")


@strawberry.input(description="Which feature of which service to switch.")
class ServiceFeatureSetInput:
    """Which feature to switch."""

    id: strawberry.ID = strawberry.field(description="A service of the organization.")
    feature: str = strawberry.field(description="The feature's code, such as chat.")
    is_on: bool = strawberry.field(description="Whether the service is to have it.")


@strawberry.type(description="The service as it is now.")
class ServiceFeatureSetPayload(Payload):
    """The service as it is now."""

    service: Service | None = strawberry.field(default=None, description="The service; null on errors.")


@strawberry.input(description="Whether a service is to work.")
class ServiceStateSetInput:
    """Whether a service is to work."""

    id: strawberry.ID = strawberry.field(description="A service of the organization.")
    state: ServiceState = strawberry.field(
        description="Its new state: one in use can be paused, a paused one taken into use again or stopped for good."
    )


@strawberry.type(description="The service as it is now.")
class ServiceStateSetPayload(Payload):
    """The service as it is now."""

    service: Service | None = strawberry.field(default=None, description="The service; null on errors.")


@strawberry.input(description="What a service is to show of the company.")
class ServiceCompanyInformationSetInput:
    """What a service is to show of the company."""

    id: strawberry.ID = strawberry.field(description="A service of the organization.")
    company_information_id: strawberry.ID | None = strawberry.field(
        default=None, description="The company information; null for none."
    )


@strawberry.type(description="The service as it is now.")
class ServiceCompanyInformationSetPayload(Payload):
    """The service as it is now."""

    service: Service | None = strawberry.field(default=None, description="The service; null on errors.")


@strawberry.type
class OrganizationMutations:
    """Mutations of what is above the services."""

    @strawberry.mutation(description="Change the organization.")
    @answers(OrganizationUpdatePayload)
    def organization_update(self, info: Info, input: Input[OrganizationUpdateInput]) -> OrganizationUpdatePayload:
        """Change the organization."""
        operations.rename_organization(info.context.actor, input.name)
        return OrganizationUpdatePayload(organization=_present(info.context))

    @strawberry.mutation(description="Let a member look after the organization; one who does stays so.")
    @answers(OrganizationAdministratorAddPayload)
    def organization_administrator_add(
        self, info: Info, input: Input[OrganizationAdministratorAddInput]
    ) -> OrganizationAdministratorAddPayload:
        """Add an administrator."""
        member_id = ids.required_row_id(input.id, "Member", path="id")
        administrators.appoint(info.context.actor, member_id)
        return OrganizationAdministratorAddPayload(member=_member(member_id))

    @strawberry.mutation(
        description="Let a member look after the organization no more; the last one who does cannot be removed."
    )
    @answers(OrganizationAdministratorRemovePayload)
    def organization_administrator_remove(
        self, info: Info, input: Input[OrganizationAdministratorRemoveInput]
    ) -> OrganizationAdministratorRemovePayload:
        """Remove an administrator."""
        member_id = ids.required_row_id(input.id, "Member", path="id")
        administrators.dismiss(info.context.actor, member_id)
        return OrganizationAdministratorRemovePayload(member=_member(member_id))

    @strawberry.mutation(description="Make a further service of the organization. Nobody works in it yet.")
    @answers(ServiceCreatePayload)
    def service_create(self, info: Info, input: Input[ServiceCreateInput]) -> ServiceCreatePayload:
        """Make a service."""
        service_id = operations.add_service(
            info.context.actor, slug=input.slug, names=localized.by_language(input.names, path="names") or {},
            languages=input.languages, default_language=input.default_language, time_zone=input.time_zone,
            editor_type=input.editor_type,
        )  # fmt: skip
        return ServiceCreatePayload(service=_service(service_id))

    @strawberry.mutation(description="Switch a feature of a service of the organization.")
    @answers(ServiceFeatureSetPayload)
    def service_feature_set(self, info: Info, input: Input[ServiceFeatureSetInput]) -> ServiceFeatureSetPayload:
        """Switch a feature."""
        service_id = ids.required_row_id(input.id, "Service", path="id")
        features.set_feature(info.context.actor, service_id, input.feature, input.is_on)
        return ServiceFeatureSetPayload(service=_service(service_id))

    @strawberry.mutation(
        description="Pause a service of the organization, take it into use again, or stop it. It keeps what comes in."
    )
    @answers(ServiceStateSetPayload)
    def service_state_set(self, info: Info, input: Input[ServiceStateSetInput]) -> ServiceStateSetPayload:
        """Set the state."""
        service_id = ids.required_row_id(input.id, "Service", path="id")
        contracts.set_state(info.context.actor, service_id, input.state)
        return ServiceStateSetPayload(service=_service(service_id))

    @strawberry.mutation(description="Choose what a service of the organization shows of the company.")
    @answers(ServiceCompanyInformationSetPayload)
    def service_company_information_set(
        self, info: Info, input: Input[ServiceCompanyInformationSetInput]
    ) -> ServiceCompanyInformationSetPayload:
        """Choose what is shown."""
        service_id = ids.required_row_id(input.id, "Service", path="id")
        path = "company_information_id"
        entry_id = ids.row_id(input.company_information_id, "CompanyInformation", path=path)
        company_information.show(info.context.actor, service_id, entry_id)
        return ServiceCompanyInformationSetPayload(service=_service(service_id))


def _present(context: Context) -> Any:
    return queries.organizations_by_ids([context.service.organization_id])[0]


def _service(service_id: int) -> Any:
    return queries.services_by_ids([service_id])[0]


def _member(member_id: int) -> Any:
    return agents.members_by_ids([member_id])[0]
