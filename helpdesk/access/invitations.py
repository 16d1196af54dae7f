"""Invites members by mail; whoever sets a password by the link has come in. Source: SPEC AGT-01, AGT-02."""

from dataclasses import dataclass, field

from helpdesk.access import notices, sessions, tokens
from helpdesk.access.rules import Client, TokenPurpose
from helpdesk.access.sessions import NewSession
from helpdesk.agents import operations as agents
from helpdesk.agents.queries import MemberRow, member_of_email, members_by_ids, password_hash_of
from helpdesk.agents.rules import normal_email
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import Conflict
from helpdesk.organization import operations as organization
from helpdesk.organization.queries import organization_id_of


@dataclass(frozen=True, slots=True)
class Invited:
    """Who was invited. ``link`` is told where no mail could go out, this once, and never when printed."""

    member_id: int
    link: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Who has come in, and the session that began; None for one who neither works in the service nor looks after it."""

    member_id: int
    session: NewSession | None


@transactional
def invite(actor: Actor, *, email: str, name: str) -> Invited:
    """Make a member without a password and send them a link that works once, for a day.

    Whoever was invited and has not accepted is sent a new link, and the older one ends. Records OrganizationChanged.
    Raises Invalid (BAD_EMAIL), and Conflict (EMAIL_TAKEN) for a member who has a password or is deactivated.
    """
    actor.require("organization.write")
    member = _invited(actor, email=email, name=name)
    token = tokens.issue(member.id, TokenPurpose.INVITATION)
    organization.note_change(actor, "member_invited", {"member": (None, member.email)})
    if notices.send(actor.service_id, member, token, TokenPurpose.INVITATION):
        return Invited(member.id, None)
    return Invited(member.id, notices.link(actor.service_id, token, TokenPurpose.INVITATION))


def _invited(actor: Actor, *, email: str, name: str) -> MemberRow:
    organization_id = organization_id_of(actor.service_id)
    member = member_of_email(organization_id, normal_email(email))
    if member is None:
        member_id = agents.add_member(organization_id, email=email, name=name, password=None)
        member = members_by_ids([member_id])[0]
        assert member is not None, "it was just made"
    elif password_hash_of(member.id) is not None or not member.is_active:
        raise Conflict(f"{member.email} is a member already.", code="EMAIL_TAKEN", path=("email",))
    return member


@transactional
def accept(
    service_id: int, token: str, password: str, client: Client, *, name: str | None = None, session_seconds: int
) -> Accepted:
    """Set the password of whoever was invited, and begin a session where they may come in already.

    ``name`` replaces the one that they were invited by. Raises Invalid (BAD_TOKEN, WEAK_PASSWORD); a refused password
    leaves the invitation as it is.
    """
    member = tokens.take(service_id, token, TokenPurpose.INVITATION)
    agents.set_password(member.id, password)
    if name is not None:
        agents.rename_member(member.id, name)
    session = sessions.begin(service_id, member.id, client, seconds=session_seconds)
    return Accepted(member.id, session)
