"""Says who looks after the organization: its services, their features, its company information, its administrators.

Being it gives no right in any service: whoever is to work in one is made an agent of it too. Source: SPEC GEN-08,
GEN-09, SPEC-SETTINGS GEN-X23. An organization never loses its last one, since nobody could name another.
"""

from helpdesk.agents.models import Member
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import locked, transactional
from helpdesk.kernel.errors import Conflict, NotFound
from helpdesk.organization import operations as organization
from helpdesk.organization.queries import organization_id_of


@transactional
def appoint(actor: Actor, member_id: int) -> None:
    """Let a member look after the organization; one who does stays so.

    Raises NotFound, and Conflict (MEMBER_DEACTIVATED). Records OrganizationChanged.
    """
    actor.require("organization.write")
    member = _member(actor, member_id)
    if member.deactivated_at is not None:
        raise Conflict(
            f"{member.email} is deactivated; choose a member who may log in.", code="MEMBER_DEACTIVATED", path=("id",)
        )
    _set(actor, member, True)


@transactional
def dismiss(actor: Actor, member_id: int) -> None:
    """Let a member look after the organization no more, from the next request on; one who does not stays so.

    Raises NotFound, and Conflict (LAST_ADMINISTRATOR). Records OrganizationChanged.
    """
    actor.require("organization.write")
    member = _member(actor, member_id)
    require_another(member)
    _set(actor, member, False)


def require_another(member: Member) -> None:
    """Raise Conflict (LAST_ADMINISTRATOR) if nobody else looks after the member's organization; locks those who do."""
    query = Member.select(Member.id).where(
        Member.organization == member.organization_id,
        Member.is_organization_administrator,
        Member.deactivated_at.is_null(),
    )
    if [row.id for row in locked(query.order_by(Member.id))] == [member.id]:
        raise Conflict(
            f"{member.email} is the organization's last administrator; add another one first.",
            code="LAST_ADMINISTRATOR",
            path=("id",),
        )


def _member(actor: Actor, member_id: int) -> Member:
    is_theirs = Member.organization == organization_id_of(actor.service_id)
    row: Member | None = Member.get_or_none(Member.id == member_id, is_theirs)
    if row is None:
        raise NotFound("There is no such member in the organization.", path=("id",))
    return row


def _set(actor: Actor, member: Member, is_administrator: bool) -> None:
    if member.is_organization_administrator == is_administrator:
        return
    Member.update(is_organization_administrator=is_administrator).where(Member.id == member.id).execute()
    change = "administrator_added" if is_administrator else "administrator_removed"
    names = (None, member.email) if is_administrator else (member.email, None)
    organization.note_change(actor, change, {"administrator": names})
