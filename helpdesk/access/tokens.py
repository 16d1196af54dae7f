"""Tokens that are sent to members: random, hashed at rest, taken once, for a day, and one of a purpose at a time.

What is wrong, used, expired, replaced or empty is one answer, and so is the token of somebody who was deactivated
(Source: SECURITY D3).
"""

from datetime import timedelta
from typing import Any

from helpdesk.access.models import MemberToken
from helpdesk.access.rules import TOKEN_SECONDS, TokenPurpose
from helpdesk.agents.queries import MemberRow, members_by_ids
from helpdesk.kernel import clock
from helpdesk.kernel.crypto import hash_token, new_token
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import Invalid
from helpdesk.organization.queries import organization_id_of

PREFIXES = {TokenPurpose.INVITATION: "hdi_", TokenPurpose.RESET: "hdr_"}


@transactional
def issue(member_id: int, purpose: TokenPurpose) -> str:
    """Make a token for the member and return it, this once; an older one of the purpose ends."""
    token, at = new_token(PREFIXES[purpose]), clock.now()
    values = {
        "token_hash": hash_token(token),
        "created_at": at,
        "expires_at": at + timedelta(seconds=TOKEN_SECONDS),
    }
    MemberToken.insert(member=member_id, purpose=purpose, **values).on_conflict(
        conflict_target=[MemberToken.member, MemberToken.purpose], update=values
    ).execute()
    return token


@transactional
def take(service_id: int, token: str, purpose: TokenPurpose) -> MemberRow:
    """Return the member of the service's organization whose token it is; all tokens of the member end with it.

    Raises Invalid (BAD_TOKEN). A transaction that is rolled back leaves the token as it was.
    """
    is_it = (MemberToken.token_hash == hash_token(token)) & (MemberToken.purpose == purpose)
    taken: Any = MemberToken.delete().where(is_it, MemberToken.expires_at > clock.now())
    member_id = next((row[0] for row in taken.returning(MemberToken.member).tuples().execute()), None)
    member = members_by_ids([member_id])[0]
    if member is None or not member.is_active or member.organization_id != organization_id_of(service_id):
        raise Invalid("This link is not valid any more; ask for a new one.", code="BAD_TOKEN", path=("token",))
    end_all(member.id)
    return member


def end_all(member_id: int) -> None:
    """End every token of the member."""
    MemberToken.delete().where(MemberToken.member == member_id).execute()


def forget() -> None:
    """Drop the tokens that have expired."""
    MemberToken.delete().where(MemberToken.expires_at <= clock.now()).execute()
