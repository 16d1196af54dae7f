"""Mail servers in trouble while answers go out: nothing is lost or sent to somebody twice, and the order is kept.

Source: SECURITY 4.3 rows 18 to 21 and 34.
"""

from pathlib import Path
from typing import Any

import pytest
from helpdesk_email import connections

from helpdesk.channels import accounts, outbox, queries
from helpdesk.channels.models import Delivery, Sending
from helpdesk.kernel.db import database_now
from helpdesk.kernel.leases import SECOND
from tests.channels.post import add_recipients, fall_due
from tests.faults.conftest import MakeVictim, Victim
from tests.faults.invariant import assert_holds, message_id_of
from tests.faults.loads import assert_answers_came_in_order, queue_answers
from tests.servers.certificates import make_certificate
from tests.servers.smtp import Ending, SmtpServer, Stage

WRONG = "535 5.7.8 Wrong password"


@pytest.fixture
def victim(victim_on: MakeVictim) -> Victim:
    """A desk in this process, which sends when a test says so and waits as long as a real one."""
    made = victim_on("sqlite")
    made.settings.__dict__["retry_seconds"] = 30.0
    return made


def work(victim: Victim, *, rounds: int = 1) -> None:
    """Send what is due, then let what waits fall due and send again, so many times in all."""
    for _ in range(rounds):
        outbox.drain(victim.settings)
        fall_due(Delivery)
        Sending.update(rests_until=1).where(Sending.rests_until.is_null(False)).execute()


def states() -> dict[str, int]:
    """Return how many messages are in each state."""
    return {state: count for state, count in queries.states()["outbox"].items() if count}


def account(victim: Victim) -> tuple[str, str]:
    """Return how the account stands, and what is wrong in words."""
    rows = [row for row in queries.accounts_by_ids([victim.account_id]) if row]
    (sending,) = queries.sending_of_accounts([victim.account_id])
    assert sending is not None
    return str(queries.states_of_accounts(rows)[0]), sending.last_error


def waits_seconds() -> list[float]:
    """Return how long each message that was tried waits for its next try."""
    query: Any = Delivery.select(database_now()).limit(1)
    (now,) = query.tuples().get()
    rows: Any = Delivery.select(Delivery.due_at).where(Delivery.attempts > 0, Delivery.due_at.is_null(False))
    return [row.due_at.timestamp() - now / SECOND for row in rows]


def set_up(victim: Victim, **settings: Any) -> None:
    """Change the account's settings."""
    accounts.update(victim.desk.administrator, victim.account_id, settings=settings)


def test_server_that_is_busy_for_a_while_gets_everything_in_its_order(victim: Victim) -> None:
    queue_answers(victim.desk, tickets_count=25, each=4)
    victim.smtp.answer("451 4.3.0 Busy", stage=Stage.MAIL)
    for turn, (least, most) in enumerate([(15, 31), (30, 61), (60, 121)]):
        outbox.drain(victim.settings)
        waits = waits_seconds()
        assert len(waits) == 25, f"Turn {turn}: of each ticket the first answer alone is tried."
        assert least - 1 <= min(waits) <= max(waits) <= most
        fall_due(Delivery)
    assert (account(victim)[0], victim.smtp.received) == ("FAILING", [])
    victim.smtp.clear()
    work(victim)
    assert states() == {"SENT": 100}
    assert account(victim) == ("WORKING", "")
    assert_answers_came_in_order(victim.smtp.received)
    assert_holds(victim.settings, sink=victim.smtp.received)


@pytest.mark.parametrize("reply", ["550 5.1.1 No such user", "451 4.2.2 Later"])
def test_one_refused_of_three_costs_the_two_no_second_mail(victim: Victim, reply: str) -> None:
    queue_answers(victim.desk, tickets_count=1, each=1)
    add_recipients("kim@shop.example", "lee@shop.example")
    victim.smtp.answer(reply, recipient="kim@shop.example", times=1)
    work(victim, rounds=3)
    (row,) = Delivery.select()
    got = [recipient for mail in victim.smtp.received for recipient in mail.recipients]
    assert len(got) == len(set(got)) == (2 if reply.startswith("5") else 3)
    verdicts = {one["value"]: (one["verdict"], one["reason"]) for one in row.recipients}
    expected = ("failed", reply) if reply.startswith("5") else ("accepted", "")
    assert (verdicts["kim@shop.example"], row.state) == (expected, "SENT")
    assert account(victim)[0] == "WORKING"


def test_server_that_hangs_after_the_mail_gets_it_again_under_the_same_id(
    victim: Victim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SMTP_SECONDS", 0.2)
    monkeypatch.setattr(connections, "FAREWELL_SECONDS", 0.1)
    queue_answers(victim.desk, tickets_count=3, each=2)
    victim.smtp.answer(Ending.HANG, stage=Stage.KEPT, times=3)
    work(victim, rounds=3)
    ids = [message_id_of(mail.raw) for mail in victim.smtp.received]
    assert (states(), len(ids), len(set(ids))) == ({"SENT": 6}, 9, 6)
    assert_answers_came_in_order(victim.smtp.received)


def test_server_that_closes_in_the_midst_of_a_mail_gets_it_once_later(victim: Victim) -> None:
    queue_answers(victim.desk, tickets_count=5, each=2)
    victim.smtp.answer(Ending.CLOSE, stage=Stage.DATA, times=7)
    work(victim, rounds=5)
    assert (states(), len(victim.smtp.received)) == ({"SENT": 10}, 10)
    assert_answers_came_in_order(victim.smtp.received)


def test_certificate_that_is_not_trusted_lets_mail_wait_until_it_is(victim: Victim, tmp_path: Path) -> None:
    queue_answers(victim.desk, tickets_count=3, each=1)
    certificate = make_certificate(tmp_path)
    with SmtpServer(certificate=certificate) as server:
        set_up(victim, smtp_port=server.port, smtp_security="starttls")
        work(victim, rounds=3)
        assert (states(), server.received) == ({"RETRYING": 3}, [])
        assert "can't be trusted" in account(victim)[1]
        set_up(victim, ca_file=str(certificate.certificate))
        work(victim)
        assert (states(), account(victim)) == ({"SENT": 3}, ("WORKING", ""))


@pytest.mark.parametrize("mended_by", ["settings", "the provider"])
def test_refused_log_in_pauses_the_account_and_no_answer_dies_of_it(victim: Victim, mended_by: str) -> None:
    queue_answers(victim.desk, tickets_count=20, each=1)
    users = {"desk": "another"}
    with SmtpServer(users=users) as server:
        set_up(victim, smtp_port=server.port, smtp_username="desk", smtp_password="s3cret")
        work(victim, rounds=60)
        assert states() == {"QUEUED": 19, "RETRYING": 1} or states() == {"RETRYING": 20}
        state, words = account(victim)
        assert state == "REFUSED"
        assert "doesn't accept this login: 535" in words
        assert "Correct the user name or the password" in words
        if mended_by == "settings":
            set_up(victim, smtp_password="another")
        else:
            users["desk"] = "s3cret"
        work(victim)
        assert (states(), account(victim), len(server.received)) == ({"SENT": 20}, ("WORKING", ""), 20)


def test_server_that_wants_a_log_in_pauses_an_account_without_one(victim: Victim) -> None:
    queue_answers(victim.desk, tickets_count=3, each=1)
    with SmtpServer(users={"desk": "s3cret"}) as server:
        set_up(victim, smtp_port=server.port)
        work(victim, rounds=3)
        assert (account(victim)[0], "FAILED" in states()) == ("REFUSED", False)


def test_name_that_is_not_found_lets_mail_wait(victim: Victim) -> None:
    queue_answers(victim.desk, tickets_count=5, each=2)
    set_up(victim, smtp_host="mail.desk.invalid", allow_plaintext=True)
    work(victim, rounds=10)
    assert states() == {"QUEUED": 5, "RETRYING": 5}
    state, words = account(victim)
    assert (state, "mail.desk.invalid" in words) == ("FAILING", True)
    set_up(victim, smtp_host=victim.smtp.host)
    work(victim)
    assert states() == {"SENT": 10}
    assert_answers_came_in_order(victim.smtp.received)
