"""Passwords are forgotten and changed: by whose mail it is, once, and every other way in ends."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from time_machine import Traveller

from helpdesk.access import passwords, sessions, tokens
from helpdesk.access.authentication import authenticate
from helpdesk.access.models import MemberToken, ResetRequest
from helpdesk.access.rules import TokenPurpose
from helpdesk.agents import administrators
from helpdesk.agents import operations as agents
from helpdesk.agents.queries import agents_by_ids
from helpdesk.channels import outbox
from helpdesk.kernel import actors, db, failpoints, jobs
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.errors import Conflict, Invalid, LimitExceeded, Unauthenticated
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from tests.channels.post import make_post
from tests.factories.desk import PASSWORD, Desk, appoint, make_desk
from tests.factories.echo import Echo

HERE = "203.0.113.7"
MAIL = "agent@demo.example"
NEW = "snow on the mountain"
BAD = ("BAD_TOKEN", ("token",))


@pytest.fixture
def mail(desk: Desk) -> Desk:
    """A desk with a primary mail account that keeps what it sends."""
    registry.register(Kind.CHANNEL, "email", Echo)
    make_post(desk, driver="email")
    return desk


@pytest.fixture
def morning() -> Iterator[Traveller]:
    """A clock that stands still until it is moved."""
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        yield clock


def ask(desk: Desk, email: str = MAIL, address: str = HERE) -> list[str]:
    """Ask for a new password, let the mail go out, and return the tokens that were sent."""
    Echo.sent.clear()
    passwords.request_reset(desk.service_id, email, address=address)
    jobs.drain(passwords.LINE)
    jobs.drain(outbox.LINE)
    return [one.text.partition("/demo/password#")[2].split()[0] for one in Echo.sent]


def refused(desk: Desk, token: str, password: str = NEW) -> tuple[str, tuple[str, ...]]:
    """Return code and path with which a reset is refused."""
    with pytest.raises(Invalid) as refusal:
        passwords.reset(desk.service_id, token, password)
    return refusal.value.code, refusal.value.path


def log_in(desk: Desk, password: str = PASSWORD, email: str = MAIL) -> sessions.NewSession:
    """Log in."""
    return sessions.log_in(desk.service_id, email, password, address=HERE)


def who(desk: Desk, token: str) -> Actor:
    """Return who holds the token."""
    return authenticate(desk.service_id, token, address=HERE)


def is_out(desk: Desk, token: str) -> bool:
    """Return whether the session has ended."""
    with pytest.raises(Unauthenticated):
        who(desk, token)
    return True


def member_of(desk: Desk) -> int:
    """Return the agent's member."""
    row = agents_by_ids([desk.agent.id])[0]
    assert row is not None
    return row.member_id


def test_reset_sets_the_password_and_ends_every_session_and_token(mail: Desk) -> None:
    session = log_in(mail)
    (token,) = ask(mail, " Agent@DEMO.example")
    assert token.startswith("hdr_")
    tokens.issue(member_of(mail), TokenPurpose.INVITATION)
    passwords.reset(mail.service_id, token, NEW)
    assert is_out(mail, session.token)
    assert not MemberToken.select().exists()
    assert log_in(mail, NEW).agent_id == mail.agent.id
    with pytest.raises(Unauthenticated):
        log_in(mail)


def test_mail_tells_of_the_reset_in_the_language_of_the_service(mail: Desk) -> None:
    ask(mail)
    assert Echo.sent[0].subject == "데모 비밀번호 재설정"
    db.database.execute_sql("UPDATE service SET default_language = 'en'")
    ask(mail, "admin@demo.example")
    assert Echo.sent[0].subject == "A new password for Demo"


def test_token_is_taken_once_and_a_weak_password_does_not_take_it(mail: Desk) -> None:
    (token,) = ask(mail)
    assert refused(mail, token, "short") == ("WEAK_PASSWORD", ("password",))
    passwords.reset(mail.service_id, token, NEW)
    assert refused(mail, token) == BAD


def test_token_ends_after_a_day(mail: Desk, morning: Traveller) -> None:
    (token,) = ask(mail)
    morning.shift(86_400)
    assert refused(mail, token) == BAD


def test_new_link_ends_the_older_but_not_within_a_minute(mail: Desk, morning: Traveller) -> None:
    (older,) = ask(mail)
    assert ask(mail) == []
    morning.shift(61)
    (newer,) = ask(mail)
    assert refused(mail, older) == BAD
    passwords.reset(mail.service_id, newer, NEW)


@pytest.mark.parametrize("token", ["", "0", "null", "[]", "hdr_", "hdr_" + "a" * 43, "\ud800"])
def test_made_up_token_is_refused(mail: Desk, token: str) -> None:
    ask(mail)
    assert refused(mail, token) == BAD
    assert refused(mail, token, "short") == BAD


def test_invitation_resets_nothing(mail: Desk) -> None:
    assert refused(mail, tokens.issue(member_of(mail), TokenPurpose.INVITATION)) == BAD


def test_token_counts_in_its_organization_alone(mail: Desk) -> None:
    (token,) = ask(mail)
    assert refused(make_desk(mail.settings, slug="other"), token) == BAD
    passwords.reset(mail.service_id, token, NEW)


def test_mail_goes_to_active_members_alone(mail: Desk) -> None:
    gone = agents.add_member(mail.organization_id, email="gone@demo.example", name="G", password=PASSWORD)
    appoint(mail, "boss@demo.example")
    agents.deactivate_member(gone)
    make_desk(mail.settings, slug="other")
    idle = agents.add_member(mail.organization_id, email="idle@demo.example", name="I", password=None)
    for email in ("gone@demo.example", "nobody@demo.example", "no address", "", "\ud800", "x" * 10_000):
        assert ask(mail, email) == []
    assert not ResetRequest.select().exists()
    (token,) = ask(mail, "idle@demo.example")
    administrators.appoint(actors.system(mail.service_id), idle)
    passwords.reset(mail.service_id, token, NEW)
    assert log_in(mail, NEW, "idle@demo.example").member_id == idle


def test_who_is_deactivated_meanwhile_resets_nothing(mail: Desk) -> None:
    appoint(mail, "boss@demo.example")
    (token,) = ask(mail)
    agents.deactivate_member(member_of(mail))
    assert refused(mail, token) == BAD


@pytest.mark.parametrize("email", [MAIL, "nobody@demo.example", "no address"])
def test_asking_too_often_waits_alike_for_every_mail(mail: Desk, morning: Traveller, email: str) -> None:
    for _ in range(5):
        passwords.request_reset(mail.service_id, email, address=HERE)
    with pytest.raises(LimitExceeded, match="too many requests for a new password; try again in 33 seconds") as limit:
        passwords.request_reset(mail.service_id, email, address=HERE)
    assert limit.value.code == "TOO_MANY_ATTEMPTS"
    passwords.request_reset(mail.service_id, email, address="198.51.100.1")
    assert log_in(mail).agent_id == mail.agent.id


def test_request_is_answered_once_after_what_failed(mail: Desk) -> None:
    failpoints.arm("resets.answered:raise:1")
    try:
        assert ask(mail) == []
    finally:
        failpoints.arm("")
    assert (ResetRequest.get().attempts, MemberToken.select().count()) == (1, 0)
    ResetRequest.update(due_at=0).execute()
    jobs.drain(passwords.LINE)
    jobs.drain(outbox.LINE)
    assert len(Echo.sent) == 1
    assert not ResetRequest.select().exists()


def test_no_token_stands_readably_in_the_database(mail: Desk) -> None:
    passwords.request_reset(mail.service_id, MAIL, address=HERE)
    jobs.drain(passwords.LINE)
    tables = [name for name in db.database.get_tables() if not name.startswith("search_")]
    text = repr([db.database.execute_sql(f'SELECT * FROM "{name}"').fetchall() for name in tables])
    jobs.drain(outbox.LINE)
    (sent,) = Echo.sent
    token = sent.text.partition("#")[2].split()[0]
    assert token.removeprefix("hdr_") not in text


def change(desk: Desk, session: sessions.NewSession, current: str = PASSWORD, new: str = NEW) -> None:
    """Change the password of whoever the session is of."""
    passwords.change(who(desk, session.token), current, new, token=session.token, address=HERE)


def test_change_ends_the_other_sessions_and_the_links_and_keeps_this_one(mail: Desk) -> None:
    here, there = log_in(mail), log_in(mail)
    (token,) = ask(mail)
    change(mail, here)
    assert who(mail, here.token).id == mail.agent.id
    assert is_out(mail, there.token)
    assert refused(mail, token) == BAD
    assert log_in(mail, NEW).agent_id == mail.agent.id


def test_change_of_one_who_is_no_agent(desk: Desk) -> None:
    appoint(desk, "boss@demo.example")
    here, there = (log_in(desk, email="boss@demo.example") for _ in range(2))
    change(desk, here)
    assert who(desk, here.token).name == "boss"
    assert is_out(desk, there.token)


def test_wrong_current_password_counts_as_at_log_in(desk: Desk, morning: Traveller) -> None:
    session = log_in(desk)
    for _ in range(5):
        with pytest.raises(Invalid) as refusal:
            change(desk, session, "wrong")
        assert (refusal.value.code, refusal.value.path) == ("BAD_CREDENTIALS", ("current_password",))
    for attempt in (lambda: change(desk, session), lambda: log_in(desk)):
        with pytest.raises(LimitExceeded):
            attempt()
    morning.shift(33)
    change(desk, session)
    assert log_in(desk, NEW).agent_id == desk.agent.id


def test_weak_new_password_changes_nothing(desk: Desk) -> None:
    here, there = log_in(desk), log_in(desk)
    with pytest.raises(Invalid) as refusal:
        change(desk, here, new="short")
    assert refusal.value.code == "WEAK_PASSWORD"
    assert who(desk, there.token).id == desk.agent.id


def test_who_came_by_no_session_has_no_password_to_change(desk: Desk) -> None:
    given: Any = {"token": "", "address": HERE}
    with pytest.raises(Conflict) as refusal:
        passwords.change(desk.partner, PASSWORD, NEW, **given)
    assert refusal.value.code == "NO_SESSION"
    with pytest.raises(Unauthenticated):
        passwords.change(authenticate(desk.service_id, None, address=HERE), PASSWORD, NEW, **given)
    with pytest.raises(RuntimeError, match="transaction"), db.transaction():
        passwords.change(desk.agent, PASSWORD, NEW, **given)
