"""Agents log in and out; whoever guesses waits, and learns nothing."""

import threading
from typing import Any

import pytest
import time_machine

from helpdesk.access import attempts, sessions
from helpdesk.access.authentication import authenticate
from helpdesk.agents import operations as agents
from helpdesk.agents.queries import agents_by_ids, credentials
from helpdesk.kernel import crypto, db
from helpdesk.kernel.errors import HelpdeskError, Invalid, LimitExceeded, NotFound, Unauthenticated
from helpdesk.organization import operations as organization

Desk = Any
HERE = "203.0.113.7"
MAIL = "agent@demo.example"
PASSWORD = "rain on the harbour"


def log_in(desk: Desk, email: str = MAIL, password: str = PASSWORD, address: str = HERE) -> sessions.NewSession:
    """Log in to the desk."""
    return sessions.log_in(desk.service_id, email, password, address=address)


def guess(desk: Desk, *, times: int = 1, **given: str) -> list[str]:
    """Try a wrong password again and again and return the codes of the refusals."""
    codes = []
    for _ in range(times):
        with pytest.raises(HelpdeskError) as refused:
            log_in(desk, **{"password": "wrong password", **given})
        codes.append(refused.value.code)
    return codes


def member_of(desk: Desk) -> int:
    """Return the agent's member."""
    row = agents_by_ids([desk.agent.id])[0]
    assert row is not None
    return row.member_id


def test_an_agent_logs_in_whatever_the_case_of_the_address(desk: Desk) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False):
        session = log_in(desk, email=" Agent@DEMO.example")
    assert session.agent_id == desk.agent.id
    assert str(session.expires_at) == "2026-03-01 22:00:00+00:00"
    assert session.token.startswith("hds_")
    assert session.token not in repr(session)


def test_each_log_in_is_a_session_of_its_own(desk: Desk) -> None:
    first, second = log_in(desk), log_in(desk, address="2001:db8::7")
    sessions.log_out(first.token)
    assert authenticate(desk.service_id, second.token, address=HERE).id == desk.agent.id
    with pytest.raises(Unauthenticated):
        authenticate(desk.service_id, first.token, address=HERE)


def test_logging_out_again_or_with_nonsense_is_no_error(desk: Desk) -> None:
    session = log_in(desk)
    for token in (session.token, session.token, "hds_never", ""):
        sessions.log_out(token)


def test_every_refusal_reads_the_same(desk: Desk) -> None:
    gone = agents.add_member(desk.organization_id, email="gone@demo.example", name="G", password=PASSWORD)
    agents.deactivate_member(gone)
    agents.add_agent(desk.service_id, gone, role="AGENT")
    agents.add_member(desk.organization_id, email="idle@demo.example", name="I", password=PASSWORD)
    invited = agents.add_member(desk.organization_id, email="new@demo.example", name="N", password=None)
    agents.add_agent(desk.service_id, invited, role="AGENT")
    tries = [
        (MAIL, "wrong password"), (MAIL, ""), ("nobody@demo.example", PASSWORD), ("gone@demo.example", PASSWORD),
        ("idle@demo.example", PASSWORD), ("new@demo.example", PASSWORD), ("new@demo.example", ""), ("", PASSWORD),
        ("a\x00b", PASSWORD), ("\ud800", "\ud800"), ("x" * 10_000, "x" * 10_000),
    ]  # fmt: skip
    answers = set()
    for email, password in tries:
        with pytest.raises(Unauthenticated) as refused:
            log_in(desk, email=email, password=password)
        answers.add((refused.value.code, refused.value.message, refused.value.path))
    assert answers == {("BAD_CREDENTIALS", "The email or the password is wrong.", ())}


def test_an_unknown_mail_and_a_wrong_password_cost_the_same_statements(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    execute = db.database.obj.execute_sql
    monkeypatch.setattr(db.database.obj, "execute_sql", lambda sql, *args: (sent.append(sql), execute(sql, *args))[1])
    counts = set()
    for email in (MAIL, "nobody@demo.example", "no address"):
        sent.clear()
        guess(desk, email=email)
        counts.add(len(sent))
    assert len(counts) == 1


def test_after_five_wrong_passwords_even_the_right_one_waits_and_then_gets_in(desk: Desk) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        assert guess(desk, times=6) == ["BAD_CREDENTIALS"] * 5 + ["TOO_MANY_ATTEMPTS"]
        with pytest.raises(LimitExceeded, match="in 33 seconds"):
            log_in(desk)
        clock.shift(31.9)
        assert guess(desk) == ["TOO_MANY_ATTEMPTS"]
        clock.shift(0.1)
        assert log_in(desk).agent_id == desk.agent.id
        assert guess(desk, times=5) == ["BAD_CREDENTIALS"] * 5


def test_each_further_wrong_password_doubles_the_wait(desk: Desk) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        guess(desk, times=5)
        for wait in (32, 64, 128, 256, 512, 900, 900):
            clock.shift(wait - 1)
            assert guess(desk) == ["TOO_MANY_ATTEMPTS"]
            clock.shift(1)
            assert guess(desk) == ["BAD_CREDENTIALS"]


def test_a_guesser_holds_up_nobody_at_another_address(desk: Desk) -> None:
    guess(desk, times=6)
    assert log_in(desk, address="198.51.100.1").agent_id == desk.agent.id
    assert guess(desk) == ["TOO_MANY_ATTEMPTS"]


def test_a_guesser_gains_nothing_by_spelling_or_by_moving_within_a_line(desk: Desk) -> None:
    for number in range(5):
        guess(desk, email=MAIL.upper() if number % 2 else MAIL, address=f"2001:db8::{number}")
    assert guess(desk, address="2001:db8::ffff") == ["TOO_MANY_ATTEMPTS"]


def test_wrong_passwords_of_yesterday_are_forgotten(desk: Desk) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        guess(desk, times=5)
        clock.shift(86_400)
        assert guess(desk, times=5) == ["BAD_CREDENTIALS"] * 5
        assert attempts.forget() == 0
        clock.shift(86_401)
        assert (attempts.forget(), attempts.forget()) == (1, 0)


def test_guesses_at_the_same_time_are_all_counted(desk: Desk) -> None:
    codes: list[str] = []
    start = threading.Barrier(12)

    def attempt() -> None:
        start.wait(10)
        with db.connection():
            codes.extend(guess(desk))

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(codes) == ["BAD_CREDENTIALS"] * 5 + ["TOO_MANY_ATTEMPTS"] * 7


def test_a_log_in_refuses_to_be_undone_with_a_transaction(desk: Desk) -> None:
    with pytest.raises(RuntimeError, match="transaction"), db.transaction():
        log_in(desk)


def test_a_new_password_ends_the_sessions_of_the_old_one_in_every_service(desk: Desk) -> None:
    other = organization.create_service(
        desk.organization_id, slug="two", names={"en": "2"}, languages=["en"], default_language="en", time_zone="UTC"
    )
    agents.add_agent(other, member_of(desk), role="AGENT")
    here, there = log_in(desk), sessions.log_in(other, MAIL, PASSWORD, address=HERE)
    sessions.change_password(member_of(desk), "snow on the mountain")
    for service_id, session in ((desk.service_id, here), (other, there)):
        with pytest.raises(Unauthenticated):
            authenticate(service_id, session.token, address=HERE)
    assert guess(desk, password=PASSWORD) == ["BAD_CREDENTIALS"]
    assert log_in(desk, password="snow on the mountain").agent_id == desk.agent.id


def test_a_refused_new_password_ends_no_session(desk: Desk) -> None:
    session = log_in(desk)
    with pytest.raises(Invalid):
        sessions.change_password(member_of(desk), "short")
    with pytest.raises(NotFound):
        sessions.change_password(99, "snow on the mountain")
    assert authenticate(desk.service_id, session.token, address=HERE).id == desk.agent.id


def test_password_is_kept_at_the_cost_of_today_once_it_is_typed(desk: Desk) -> None:
    stored = credentials(desk.service_id, MAIL)
    assert stored is not None
    dearer = crypto.PasswordHashes(time_cost=2, memory_cost=16, parallelism=1)
    cheap = crypto.PasswordHashes(time_cost=1, memory_cost=8, parallelism=1)
    crypto.use_passwords(dearer)
    try:
        guess(desk)
        assert credentials(desk.service_id, MAIL) == stored
        log_in(desk)
        renewed = credentials(desk.service_id, MAIL)
        assert renewed is not None
        assert renewed.password_hash != stored.password_hash
        assert not crypto.password_needs_rehash(renewed.password_hash or "")
        log_in(desk)
        assert credentials(desk.service_id, MAIL) == renewed
    finally:
        crypto.use_passwords(cheap)
    log_in(desk)
