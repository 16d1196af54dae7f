"""Sessions in the schema: one's own are seen and ended; the organization's administrators end those of others."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from datetime import datetime
from typing import Any

import strawberry

from helpdesk.access import queries, revoking
from helpdesk.access.queries import RunningSession
from helpdesk.agents.queries import members_by_ids
from helpdesk.graphql import ids
from helpdesk.graphql.agents import Member
from helpdesk.graphql.arguments import Input
from helpdesk.graphql.context import Info
from helpdesk.graphql.user_errors import Payload, answers
from helpdesk.kernel.errors import NotFound

AGENT, MEMBER = "AgentSession", "MemberSession"


@strawberry.type(description="A session that goes on, as its owner sees it.")
class OpenSession:
    """A session that goes on."""

    id: strawberry.ID = strawberry.field(description="By which `sessionRevoke` ends it.")
    began_at: datetime = strawberry.field(description="When it began.")
    last_seen_at: datetime | None = strawberry.field(
        description="When it was last used, to within a minute; null for one that was not since the desk keeps that."
    )
    expires_at: datetime = strawberry.field(description="When it ends by itself.")
    address: str = strawberry.field(description="The address from which it began.")
    user_agent: str = strawberry.field(
        description="What the program called itself that began it, shortened to 200 characters; may be empty."
    )
    is_present: bool = strawberry.field(description="Whether it is the one that asks.")


@strawberry.input(description="The session of yours that is to end.")
class SessionRevokeInput:
    """The session of yours that is to end."""

    id: strawberry.ID = strawberry.field(description="The session, one of `sessions`.")


@strawberry.type(description="Your sessions as they are now.")
class SessionRevokePayload(Payload):
    """Your sessions as they are now."""

    sessions: list[OpenSession] | None = strawberry.field(
        default=None, description="Those that go on, newest first; null on errors."
    )


@strawberry.input(description="Whose sessions are to end.")
class MemberSessionsRevokeInput:
    """Whose sessions are to end."""

    id: strawberry.ID = strawberry.field(description="The member.")


@strawberry.type(description="The member, and how many sessions have ended.")
class MemberSessionsRevokePayload(Payload):
    """The member, and how many sessions have ended."""

    member: Member | None = strawberry.field(default=None, description="The member; null on errors.")
    ended_count: int | None = strawberry.field(
        default=None, description="How many sessions were running; null on errors."
    )


@strawberry.type
class SessionQueries:
    """Query fields over sessions."""

    @strawberry.field(description="The sessions of whoever asks, in every service, newest first.")
    def sessions(self, info: Info) -> list[OpenSession]:
        """Return one's own sessions."""
        return _own(info)


@strawberry.type
class SessionMutations:
    """Mutations of sessions that go on."""

    @strawberry.mutation(description="End one of your own sessions.")
    @answers(SessionRevokePayload)
    def session_revoke(self, info: Info, input: Input[SessionRevokeInput]) -> SessionRevokePayload:
        """End one's own session."""
        kind, session_id = ids.decode(input.id) or ("", 0)
        if kind not in {AGENT, MEMBER}:
            raise NotFound("There is no such session of yours.", path=("id",))
        revoking.revoke(info.context.actor, session_id, is_of_agent=kind == AGENT)
        return SessionRevokePayload(sessions=_own(info))

    @strawberry.mutation(
        description="End every session of a member, in every service; for the organization's administrators."
    )
    @answers(MemberSessionsRevokePayload)
    def member_sessions_revoke(
        self, info: Info, input: Input[MemberSessionsRevokeInput]
    ) -> MemberSessionsRevokePayload:
        """End a member's sessions."""
        member_id = ids.required_row_id(input.id, "Member", path="id")
        ended = revoking.revoke_all(info.context.actor, member_id)
        member: Any = members_by_ids([member_id])[0]
        return MemberSessionsRevokePayload(member=member, ended_count=ended)


def _own(info: Info) -> list[OpenSession]:
    found = queries.sessions_of_actor(info.context.actor, info.context.token or "")
    return [_shown(one) for one in found]


def _shown(one: RunningSession) -> OpenSession:
    return OpenSession(
        id=ids.encode(AGENT if one.is_of_agent else MEMBER, one.id), began_at=one.began_at,
        last_seen_at=one.last_seen_at, expires_at=one.expires_at, address=one.address, user_agent=one.user_agent,
        is_present=one.is_present,
    )  # fmt: skip
