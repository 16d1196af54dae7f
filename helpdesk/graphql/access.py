"""Who may come in, in the schema: whoever asks, sessions, service keys and allowed addresses.

A token is told once, in the answer to what made it. A wrong password is data, not an error of the
request: nobody has claimed to be anybody yet.
"""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import strawberry

from helpdesk.access import operations, queries, sessions
from helpdesk.access.operations import NewKey
from helpdesk.access.queries import KeyRow
from helpdesk.access.sessions import NewSession
from helpdesk.agents.queries import agents_by_ids, members_by_ids
from helpdesk.customers.queries import customers_by_ids
from helpdesk.graphql import ids, nodes
from helpdesk.graphql.agents import Agent, Member
from helpdesk.graphql.arguments import Input
from helpdesk.graphql.authors import Viewer
from helpdesk.graphql.context import Context, Info
from helpdesk.graphql.nodes import Node
from helpdesk.graphql.user_errors import Payload, answers
from helpdesk.kernel.actors import ActorKind
from helpdesk.kernel.errors import Conflict, Invalid, Unauthenticated

ids.declare(ids.NodeKind("ServiceKey", KeyRow, "open_api.read", queries.keys_by_ids))

VIEWERS: Mapping[ActorKind, Callable[[Sequence[int | None]], Sequence[Any]]] = {
    ActorKind.AGENT: agents_by_ids,
    ActorKind.MEMBER: members_by_ids,
    ActorKind.CUSTOMER: customers_by_ids,
    ActorKind.SERVICE_KEY: queries.keys_by_ids,
}


@strawberry.type(description="A key by which a partner's program calls the service.")
class ServiceKey(Node, Viewer):
    """A partner's key."""

    hint: str = strawberry.field(description="The end of its token, to tell keys apart.")
    created_at: datetime = strawberry.field(description="When it was made.")
    revoked_at: datetime | None = strawberry.field(
        description="From when it is refused, ahead while a replaced key has its grace; null for never."
    )

    is_type_of = nodes.of(KeyRow)


@strawberry.type(description="An agent's session, just begun.")
class Session:
    """An agent's session, just begun."""

    token: str = strawberry.field(description="Send it as `Authorization: Bearer …`; it is told this once.")
    expires_at: datetime = strawberry.field(description="When it ends by itself.")
    agent: Agent = strawberry.field(description="Who has logged in.")


@strawberry.type(description="A session, just begun, of an organization administrator who is no agent of the service.")
class MemberSession:
    """A session of an organization administrator, just begun."""

    token: str = strawberry.field(
        description="Send it as `Authorization: Bearer …` to any service of the organization; it is told this once."
    )
    expires_at: datetime = strawberry.field(description="When it ends by itself.")
    member: Member = strawberry.field(description="Who has logged in.")


@strawberry.input(description="Who logs in.")
class SessionCreateInput:
    """Who logs in."""

    email: str = strawberry.field(description="The mail address.")
    password: str = strawberry.field(description="The password.")


@strawberry.input(description="A new service key.")
class ServiceKeyCreateInput:
    """A new service key."""

    name: str = strawberry.field(description="Whom it is for, such as the partner's name.")


@strawberry.input(description="The key that is to be replaced.")
class ServiceKeyRotateInput:
    """The key that is to be replaced."""

    id: strawberry.ID = strawberry.field(description="The key.")
    grace_seconds: int = strawberry.field(
        default=0, description="How long the old key is still taken: 0 to 604800 seconds, a week."
    )


@strawberry.input(description="The key that is to be refused from now on.")
class ServiceKeyRevokeInput:
    """The key that is to be refused from now on."""

    id: strawberry.ID = strawberry.field(description="The key.")


@strawberry.input(description="From where keys are to be accepted.")
class AllowedAddressAddInput:
    """From where keys are to be accepted."""

    network: str = strawberry.field(description="An address or a network, such as 203.0.113.7 or 203.0.113.0/24.")


@strawberry.input(description="From where keys are no longer to be accepted.")
class AllowedAddressRemoveInput:
    """From where keys are no longer to be accepted."""

    network: str = strawberry.field(description="An entry of `allowedAddresses`.")


@strawberry.input(description="Whether partners may call the service.")
class OpenApiSetInput:
    """Whether partners may call the service."""

    is_enabled: bool = strawberry.field(description="True to let them, false to stop them all at once.")


@strawberry.type(description="The session that was begun.")
class SessionCreatePayload(Payload):
    """The session that was begun."""

    session: Session | None = strawberry.field(
        default=None, description="The session of an agent of the service; null for others and on errors."
    )
    member_session: MemberSession | None = strawberry.field(
        default=None,
        description="The session of an organization administrator who is no agent of the service; null otherwise.",
    )


@strawberry.type(description="The end of the session that asked.")
class SessionDeletePayload(Payload):
    """The end of the session that asked."""

    is_ended: bool | None = strawberry.field(default=None, description="True once it has ended; null on errors.")


@strawberry.type(description="The key that was made.")
class ServiceKeyCreatePayload(Payload):
    """The key that was made."""

    key: ServiceKey | None = strawberry.field(default=None, description="The key; null on errors.")
    token: str | None = strawberry.field(default=None, description="Its token, told this once; null on errors.")


@strawberry.type(description="The key that was made in place of another.")
class ServiceKeyRotatePayload(Payload):
    """The key that was made in place of another."""

    key: ServiceKey | None = strawberry.field(default=None, description="The new key; null on errors.")
    token: str | None = strawberry.field(default=None, description="Its token, told this once; null on errors.")


@strawberry.type(description="The key as it is now.")
class ServiceKeyRevokePayload(Payload):
    """The key as it is now."""

    key: ServiceKey | None = strawberry.field(default=None, description="The key; null on errors.")


@strawberry.type(description="The allowed addresses as they are now.")
class AllowedAddressAddPayload(Payload):
    """The allowed addresses as they are now."""

    allowed_addresses: list[str] | None = strawberry.field(
        default=None, description="All of them, in the order of adding; null on errors."
    )


@strawberry.type(description="The allowed addresses as they are now.")
class AllowedAddressRemovePayload(Payload):
    """The allowed addresses as they are now."""

    allowed_addresses: list[str] | None = strawberry.field(
        default=None, description="All of them, in the order of adding; null on errors."
    )


@strawberry.type(description="The Open API as it is now, with the first key if it was just made.")
class OpenApiSetPayload(Payload):
    """The Open API as it is now."""

    is_enabled: bool | None = strawberry.field(default=None, description="Whether partners may call; null on errors.")
    key: ServiceKey | None = strawberry.field(
        default=None, description="The first key, made because there was none; null otherwise."
    )
    token: str | None = strawberry.field(default=None, description="The token of that key, told this once.")


def _key_id(given: strawberry.ID) -> int:
    return ids.required_row_id(given, "ServiceKey", path="id")


def _key(key_id: int) -> Any:
    return queries.keys_by_ids([key_id])[0]


def _told(made: NewKey) -> dict[str, Any]:
    """Return the key with its token, for the one answer that tells it."""
    return {"key": _key(made.id), "token": made.token}


def told_session(begun: NewSession | None) -> dict[str, Any]:
    """Return the session with its token, for the one answer that tells it; nothing for none."""
    if begun is None:
        return {}
    if begun.agent_id is None:
        member: Any = members_by_ids([begun.member_id])[0]
        return {"member_session": MemberSession(token=begun.token, expires_at=begun.expires_at, member=member)}
    agent: Any = agents_by_ids([begun.agent_id])[0]
    return {"session": Session(token=begun.token, expires_at=begun.expires_at, agent=agent)}


def _networks(context: Context) -> list[str]:
    return [str(network) for network in queries.allowed_networks(context.service.id)]


def _begin(context: Context, given: SessionCreateInput) -> NewSession:
    """Log in. Raises Invalid with the code of the refusal, since the caller claimed no identity yet."""
    try:
        return sessions.log_in(
            context.service.id,
            given.email,
            given.password,
            address=context.address,
            user_agent=context.user_agent,
            session_seconds=context.settings.session_seconds,
        )
    except Unauthenticated as refusal:
        raise Invalid(refusal.message, code=refusal.code) from None


def _session_token(context: Context) -> str:
    """Return the token of the session that asks. Raises Unauthenticated, and Conflict (NO_SESSION) for others."""
    if context.actor.kind is ActorKind.ANONYMOUS:
        raise Unauthenticated("Send the token of the session that is to end as “Authorization: Bearer …”.")
    if context.actor.kind not in {ActorKind.AGENT, ActorKind.MEMBER} or context.token is None:
        raise Conflict("You did not come by a session; to end a service key use serviceKeyRevoke.", code="NO_SESSION")
    return context.token


@strawberry.type
class AccessQueries:
    """Query fields over who may come in."""

    @strawberry.field(
        graphql_type=Viewer | None,
        description="The agent, member, customer or service key that asks; null when anonymous.",
    )
    def viewer(self, info: Info) -> Any:
        """Return whoever asks, or nothing."""
        actor = info.context.actor
        load = VIEWERS.get(actor.kind)
        return load([actor.id])[0] if load else None

    @strawberry.field(graphql_type=list[ServiceKey], description="The service's keys, oldest first, revoked ones too.")
    def service_keys(self, info: Info) -> Any:
        """Return the keys."""
        info.context.actor.require("open_api.read")
        return queries.keys_of_service(info.context.service.id)

    @strawberry.field(description="The networks from which service keys are accepted; without any, from nowhere.")
    def allowed_addresses(self, info: Info) -> list[str]:
        """Return the networks in the order of adding."""
        info.context.actor.require("open_api.read")
        return _networks(info.context)

    @strawberry.field(description="Whether partners may call the service by its keys.")
    def open_api_enabled(self, info: Info) -> bool:
        """Return whether the Open API is on."""
        info.context.actor.require("open_api.read")
        return queries.is_open_api_enabled(info.context.service.id)


@strawberry.type
class AccessMutations:
    """Mutations of who may come in."""

    @strawberry.mutation(
        description=(
            "Log in an agent, or an organization administrator; anybody may try, each wrong try makes the next wait"
            " longer."
        )
    )
    @answers(SessionCreatePayload)
    def session_create(self, info: Info, input: Input[SessionCreateInput]) -> SessionCreatePayload:
        """Log somebody in."""
        return SessionCreatePayload(**told_session(_begin(info.context, input)))

    @strawberry.mutation(description="End the session that asks.")
    @answers(SessionDeletePayload)
    def session_delete(self, info: Info) -> SessionDeletePayload:
        """End the session that asks."""
        sessions.log_out(_session_token(info.context))
        return SessionDeletePayload(is_ended=True)

    @strawberry.mutation(description="Make a key for a partner.")
    @answers(ServiceKeyCreatePayload)
    def service_key_create(self, info: Info, input: Input[ServiceKeyCreateInput]) -> ServiceKeyCreatePayload:
        """Make a key."""
        made = operations.create_key(info.context.actor, input.name)
        return ServiceKeyCreatePayload(**_told(made))

    @strawberry.mutation(description="Make a key in place of another, which is refused at once or after a grace.")
    @answers(ServiceKeyRotatePayload)
    def service_key_rotate(self, info: Info, input: Input[ServiceKeyRotateInput]) -> ServiceKeyRotatePayload:
        """Replace a key."""
        made = operations.rotate_key(info.context.actor, _key_id(input.id), grace_seconds=input.grace_seconds)
        return ServiceKeyRotatePayload(**_told(made))

    @strawberry.mutation(description="Refuse a key from now on.")
    @answers(ServiceKeyRevokePayload)
    def service_key_revoke(self, info: Info, input: Input[ServiceKeyRevokeInput]) -> ServiceKeyRevokePayload:
        """Refuse a key."""
        key_id = _key_id(input.id)
        operations.revoke_key(info.context.actor, key_id)
        return ServiceKeyRevokePayload(key=_key(key_id))

    @strawberry.mutation(description="Accept service keys from an address or a network too.")
    @answers(AllowedAddressAddPayload)
    def allowed_address_add(self, info: Info, input: Input[AllowedAddressAddInput]) -> AllowedAddressAddPayload:
        """Allow an address."""
        operations.allow_address(info.context.actor, input.network)
        return AllowedAddressAddPayload(allowed_addresses=_networks(info.context))

    @strawberry.mutation(description="Take an entry off the allowed addresses.")
    @answers(AllowedAddressRemovePayload)
    def allowed_address_remove(
        self,
        info: Info,
        input: Input[AllowedAddressRemoveInput],
    ) -> AllowedAddressRemovePayload:
        """Forbid an address."""
        operations.forbid_address(info.context.actor, input.network)
        return AllowedAddressRemovePayload(allowed_addresses=_networks(info.context))

    @strawberry.mutation(description="Let partners call the service, or stop them; keys and addresses are kept.")
    @answers(OpenApiSetPayload)
    def open_api_set(self, info: Info, input: Input[OpenApiSetInput]) -> OpenApiSetPayload:
        """Switch the Open API."""
        made = operations.enable_open_api(info.context.actor, input.is_enabled)
        return OpenApiSetPayload(is_enabled=input.is_enabled, **(_told(made) if made else {}))
