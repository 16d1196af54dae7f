"""Whoever is invited comes in by a link that works once, for a day, and by no other."""

from typing import Any

import pytest
import time_machine

from helpdesk.access import invitations, sessions, tokens
from helpdesk.access.authentication import authenticate
from helpdesk.access.models import MemberToken
from helpdesk.access.rules import ORGANIZATION_RIGHTS, TokenPurpose, client
from helpdesk.agents import administrators
from helpdesk.agents import operations as agents
from helpdesk.agents.queries import members_by_ids
from helpdesk.agents.rules import Role
from helpdesk.channels import outbox, queries
from helpdesk.kernel import actors, db, jobs
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid, Unauthenticated
from helpdesk.kernel.paging import Window
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from tests.channels.post import make_post
from tests.factories.desk import Desk, make_desk
from tests.factories.echo import Echo

HERE = "203.0.113.7"
MAIL = "jiwoo@demo.example"
CHOSEN = "snow on the mountain"


def boss_of(desk: Desk) -> Actor:
    """Return somebody who looks after the organization."""
    return Actor(ActorKind.MEMBER, desk.service_id, 1, "boss", ORGANIZATION_RIGHTS)


def invite(desk: Desk, email: str = MAIL) -> str:
    """Invite somebody where no mail goes out, and return the token."""
    made = invitations.invite(boss_of(desk), email=email, name="Jiwoo")
    assert made.link is not None
    return made.link.partition("#")[2]


def accept(desk: Desk, token: str, password: str = CHOSEN, **given: Any) -> invitations.Accepted:
    """Accept an invitation."""
    return invitations.accept(desk.service_id, token, password, client(HERE, "Firefox"), session_seconds=3600, **given)


def refused(desk: Desk, token: str) -> tuple[str, str, tuple[str, ...]]:
    """Return code, message and path with which a token is refused."""
    with pytest.raises(Invalid) as refusal:
        accept(desk, token)
    return refusal.value.code, refusal.value.message, refusal.value.path


BAD = ("BAD_TOKEN", "This link is not valid any more; ask for a new one.", ("token",))


def test_invited_agent_sets_a_password_and_is_in(desk: Desk) -> None:
    token = invite(desk)
    (member_id,) = [row.member_id for row in MemberToken.select()]
    agent_id = agents.add_agent(desk.service_id, member_id, role=Role.AGENT)
    with pytest.raises(Unauthenticated):
        sessions.log_in(desk.service_id, MAIL, CHOSEN, address=HERE)
    accepted = accept(desk, token, name=" 지우 ")
    assert accepted.session is not None
    assert (accepted.member_id, accepted.session.agent_id) == (member_id, agent_id)
    assert authenticate(desk.service_id, accepted.session.token, address=HERE).name == "지우"
    assert sessions.log_in(desk.service_id, MAIL, CHOSEN, address=HERE).agent_id == agent_id


def test_invited_administrator_of_the_organization_is_in_and_a_mere_member_is_not(desk: Desk) -> None:
    token, other = invite(desk), invite(desk, "mere@demo.example")
    (member_id, _) = [row.member_id for row in MemberToken.select().order_by(MemberToken.id)]
    administrators.appoint(actors.system(desk.service_id), member_id)
    accepted = accept(desk, token)
    assert accepted.session is not None
    assert authenticate(desk.service_id, accepted.session.token, address=HERE).kind is ActorKind.MEMBER
    assert accept(desk, other).session is None


def test_token_is_taken_once(desk: Desk) -> None:
    token = invite(desk)
    accept(desk, token)
    assert refused(desk, token) == BAD


def test_token_ends_after_a_day(desk: Desk) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        token, late = invite(desk), invite(desk, "late@demo.example")
        clock.shift(86_399)
        accept(desk, token)
        clock.shift(1)
        assert refused(desk, late) == BAD
        tokens.forget()
        assert not MemberToken.select().exists()


def test_new_invitation_ends_the_older(desk: Desk) -> None:
    older, newer = invite(desk), invite(desk, MAIL.upper())
    assert refused(desk, older) == BAD
    assert members_by_ids([accept(desk, newer).member_id])[0].email == MAIL  # type: ignore[union-attr]


@pytest.mark.parametrize("token", ["", "0", "null", "[]", "hdi_", "hdi_" + "a" * 43, "한글", "\ud800", "x" * 10_000])
def test_made_up_token_is_refused_like_every_other(desk: Desk, token: str) -> None:
    invite(desk)
    assert refused(desk, token) == BAD


def test_token_of_a_reset_or_a_session_accepts_no_invitation(desk: Desk) -> None:
    invite(desk)
    (row,) = MemberToken.select()
    assert refused(desk, tokens.issue(row.member_id, TokenPurpose.RESET)) == BAD
    session = sessions.log_in(desk.service_id, "agent@demo.example", "rain on the harbour", address=HERE)
    assert refused(desk, session.token) == BAD


def test_token_counts_in_its_organization_alone(desk: Desk) -> None:
    token = invite(desk)
    assert refused(make_desk(desk.settings, slug="other"), token) == BAD
    assert accept(desk, token).member_id


def test_deactivated_member_accepts_nothing(desk: Desk) -> None:
    token = invite(desk)
    member_id = MemberToken.get().member_id
    appoint_another(desk)
    agents.deactivate_member(member_id)
    assert refused(desk, token) == BAD
    with pytest.raises(Conflict) as refusal:
        invite(desk)
    assert refusal.value.code == "EMAIL_TAKEN"


def appoint_another(desk: Desk) -> None:
    """Let somebody look after the organization, so that others may go."""
    made = agents.add_member(desk.organization_id, email="boss@demo.example", name="boss", password=None)
    administrators.appoint(actors.system(desk.service_id), made)


def test_weak_password_leaves_the_invitation_as_it_is(desk: Desk) -> None:
    token = invite(desk)
    with pytest.raises(Invalid) as refusal:
        accept(desk, token, "short")
    assert (refusal.value.code, refusal.value.path) == ("WEAK_PASSWORD", ("password",))
    assert accept(desk, token).member_id


def test_member_with_a_password_is_not_invited_again(desk: Desk) -> None:
    with pytest.raises(Conflict) as refusal:
        invite(desk, "agent@demo.example")
    assert refusal.value.code == "EMAIL_TAKEN"


def test_only_who_looks_after_the_organization_invites(desk: Desk) -> None:
    for actor in (desk.administrator, desk.agent, desk.partner):
        with pytest.raises(Forbidden):
            invitations.invite(actor, email=MAIL, name="Jiwoo")


@pytest.mark.parametrize(("language", "word"), [("ko", "초대합니다"), ("en", "invited")])
def test_mail_brings_the_link_in_the_language_of_the_service(desk: Desk, language: str, word: str) -> None:
    registry.register(Kind.CHANNEL, "email", Echo)
    make_post(desk, driver="email")
    db.database.execute_sql(f"UPDATE service SET default_language = '{language}'")
    made = invitations.invite(boss_of(desk), email=MAIL, name="Jiwoo")
    assert made.link is None
    jobs.drain(outbox.LINE)
    (sent,) = Echo.sent
    (link,) = [line for line in sent.text.splitlines() if line.startswith("http")]
    assert link.startswith("http://127.0.0.1:8000/demo/invitation#hdi_")
    assert word in sent.subject
    assert "Jiwoo" in sent.text
    assert accept(desk, link.partition("#")[2]).member_id == made.member_id


def test_no_token_stands_readably_in_the_database(desk: Desk) -> None:
    registry.register(Kind.CHANNEL, "email", Echo)
    make_post(desk, driver="email")
    invitations.invite(boss_of(desk), email=MAIL, name="Jiwoo")
    tables = [name for name in db.database.get_tables() if not name.startswith("search_")]
    text = repr([db.database.execute_sql(f'SELECT * FROM "{name}"').fetchall() for name in tables])
    jobs.drain(outbox.LINE)
    token = Echo.sent[0].text.partition("#")[2].split()[0]
    assert token.startswith("hdi_")
    assert token not in text
    assert token.removeprefix("hdi_") not in text
    assert len(queries.deliveries_page(desk.service_id, None, Window(first=5)).rows) == 1
