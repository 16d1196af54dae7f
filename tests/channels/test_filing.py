"""Where a message goes: to the ticket that its sender takes part in, to a new one, or nowhere."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

import pytest

from helpdesk.channels import inbox, rules
from helpdesk.channels.models import Delivery, InboxRow, OutsideId
from helpdesk.customers import queries as customers
from helpdesk.kernel import db, failpoints
from helpdesk.kernel import storage as storages
from helpdesk.kernel.crypto import keyring
from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.storage import LocalStorage, Stored, storage
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.tickets import operations as tickets
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets.queries import MessageRow
from helpdesk.tickets.rules import COMPLETED, NEW, ON_HOLD, OPEN, RESOLVED
from tests.channels.post import MINA, Post, make_post
from tests.factories.desk import make_desk
from tests.factories.echo import Echo
from tests.factories.tickets import all_tickets, messages, ticket

STRANGER = "mallory@else.example"
SENT = datetime(2026, 11, 3, 6, 12, tzinfo=UTC)
CAME = SENT + timedelta(minutes=5)


def token_of(ticket_id: int, recipient: str = MINA) -> str:
    """Return the token that the recipient was given with an answer."""
    return rules.reply_token(keyring().secret_for("reply"), ticket_id, recipient)


def sent_id(post: Post, ticket_id: int) -> str:
    """Answer the ticket and return the id under which the answer went out."""
    message_id = post.reply(ticket_id)
    post.work()
    return str(post.delivery(message_id).external_id)


def test_new_ticket_shows_what_came(post: Post) -> None:
    row = post.feed(
        subject="[환불]\r\n요청", text="안녕", html="<p>안녕</p><script>x</script>", files={"../견적.txt": "bytes"}
    )
    made = ticket(row.ticket_id or 0)
    assert (made.subject, made.channel, made.account_id, made.language, made.status) == (
        "[환불] 요청", "echo", post.account_id, "ko", NEW,
    )  # fmt: skip
    (message,) = messages(made.id)
    assert (message.body_text, message.author_name) == ("안녕", "Mina")
    assert ticket_queries.html_of_messages([message.id]) == ["<p>안녕</p>"]
    (file,) = ticket_queries.attachments_of_messages([message.id])[0]
    assert (file.filename, storage().read(file.storage_key)) == ("견적.txt", b"bytes")
    assert customers.customer_of_identity(post.desk.service_id, "email", MINA.upper()) == made.customer_id


@pytest.mark.parametrize(
    ("quoted_from", "new"), [(7, "네."), (None, None), (0, None), (4, "네"), (2, None), (999, None)]
)
def test_what_a_message_quotes_is_kept_and_known(post: Post, quoted_from: int | None, new: str | None) -> None:
    text = "\n  네.\n\n> 질문은요?"
    (message,) = messages(post.ticket(text=text, quoted_from=quoted_from))
    assert message.body_text == text.strip()
    shown = None if message.quoted_from is None else message.body_text[: message.quoted_from]
    assert shown == new


@pytest.mark.parametrize(("claimed", "kept"), [("en", "en"), ("ko", "ko"), (None, "ko"), ("fr, en;q=0.5" * 9, "ko")])
def test_language_is_one_that_the_service_has(post: Post, claimed: str | None, kept: str) -> None:
    assert ticket(post.ticket(language=claimed)).language == kept


def test_language_is_guessed_by_what_is_new_in_the_message(post: Post) -> None:
    text = "My grinder rattles.\n\n> 안녕하세요, 답변 드립니다. 주문하신 상품은 내일 도착할 예정입니다."
    assert ticket(post.ticket(subject="Grinder", text=text, quoted_from=19)).language == "en"
    assert ticket(post.ticket(id="m2", subject="문의", text=text, language="en")).language == "en"
    assert ticket(post.ticket(id="m3", subject="문의", text=text)).language == "ko"


def late(post: Post, **message: Any) -> MessageRow:
    """Let a message come that is filed ten minutes later, and return it as it was filed."""
    row_id = post.put(**message)
    InboxRow.update(received_at=CAME).where(InboxRow.id == row_id).execute()
    post.work()
    (found,) = ticket_queries.messages_by_ids([post.item(row_id).message_id])
    assert found is not None
    return found


def test_message_is_of_the_time_when_it_came_and_tells_when_it_was_sent(post: Post) -> None:
    first = late(post, sent_at="2026-11-03T15:12:00+09:00")
    again = late(post, id="m2", answers=["m1"], sent_at="2026-11-03T06:14:00Z")
    by_agent = late(post, id="m3", answers=["m2"], proof="passed", **{"from": "agent@demo.example"})
    assert [one.ticket_id for one in (again, by_agent)] == [first.ticket_id] * 2
    assert [one.created_at for one in (first, again, by_agent)] == [CAME] * 3
    assert [one.sent_at for one in (first, again, by_agent)] == [SENT, SENT + timedelta(minutes=2), None]
    assert messages(first.ticket_id) == [first, again, by_agent], "the order is that of their filing"
    assert ticket(first.ticket_id).created_at > CAME


def test_nothing_was_sent_after_it_had_come(post: Post) -> None:
    assert late(post, sent_at="2036-01-01T00:00:00Z").sent_at == CAME


def test_channel_of_a_long_name_fits_the_ticket(post: Post) -> None:
    from_afar = make_post_of(post, "a-channel-whose-name-is-longer-than-a-ticket-keeps")
    assert ticket(from_afar.ticket()).channel == "a-channel-whose-name-is-longer-t"


def make_post_of(post: Post, driver: str) -> Post:
    """Make another account of the desk, of an Echo under that name."""
    registry.register(Kind.CHANNEL, driver, Echo)
    return make_post(post.desk, driver=driver)


def test_second_message_with_an_id_is_a_duplicate(post: Post) -> None:
    first = post.feed(id="<a@shop.example>")
    again = post.feed(id=" <a@shop.example>\r\n", text="other bytes")
    assert (again.outcome, again.ticket_id, again.message_id) == ("DUPLICATE", first.ticket_id, first.message_id)
    assert len(messages(first.ticket_id or 0)) == 1


def test_message_is_the_same_if_its_id_and_what_it_says_are(post: Post) -> None:
    first, other = post.feed(fingerprint="a"), post.feed(fingerprint="b", text="교환해 주세요")
    assert (first.outcome, other.outcome) == ("TICKET", "TICKET")
    for mark, row in (("a", first), ("b", other), ("", first)):
        again = post.feed(fingerprint=mark)
        assert (again.outcome, again.message_id) == ("DUPLICATE", row.message_id)
    message_id = post.reply(other.ticket_id or 0)
    post.work()
    assert (post.delivery(message_id).state, Echo.sent[-1].answers) == ("SENT", ("m1",))


def test_what_came_before_anybody_kept_what_it_says_is_the_same(post: Post) -> None:
    post.feed()
    assert post.feed(fingerprint="a").outcome == "DUPLICATE"


def test_copy_of_our_own_answer_is_a_duplicate_and_a_person_who_took_its_id_is_read(post: Post) -> None:
    ours = sent_id(post, post.ticket())
    assert post.feed(id=ours, fingerprint="a", nature="automatic").outcome == "DUPLICATE"
    assert post.feed(id=ours, fingerprint="a", answers=["m1"]).outcome == "REPLY"
    assert post.feed(id=ours, fingerprint="a", answers=["m1"]).outcome == "DUPLICATE"


def test_ids_are_told_apart_to_their_last_sign(post: Post) -> None:
    rows = [post.feed(id=external_id) for external_id in ("x" * 300 + "1", "x" * 300 + "2", "\ud83d\x00", "X", "x")]
    assert [row.outcome for row in rows] == ["TICKET"] * 5
    assert post.feed(id="x" * 300 + "1").outcome == "DUPLICATE"


def test_same_id_in_another_account_is_another_message(post: Post) -> None:
    other = make_post(post.desk)
    assert [one.feed(id="same").outcome for one in (post, other)] == ["TICKET", "TICKET"]


def test_messages_without_ids_are_never_one(post: Post) -> None:
    rows = [post.feed(id="", answers=["", " "], **{"from": f"c{n}@shop.example"}) for n in range(3)]
    assert [row.outcome for row in rows] == ["TICKET"] * 3
    assert len({row.ticket_id for row in rows}) == 3
    assert not OutsideId.select().exists()


def test_token_brings_an_answer_back_and_reopens(post: Post) -> None:
    ticket_id = post.ticket()
    post.reply(ticket_id)
    tickets.set_status(post.desk.agent, ticket_id, RESOLVED)
    row = post.feed(id="m2", reply_token=token_of(ticket_id), subject="완전히 다른 제목")
    assert (row.outcome, row.ticket_id) == ("REPLY", ticket_id)
    assert (ticket(ticket_id).status, ticket(ticket_id).assignee_id) == (OPEN, post.desk.agent.id)


def test_token_is_not_believed_of_anybody_else(post: Post) -> None:
    ticket_id = post.ticket()
    for sender in (STRANGER, "agent@demo.example"):
        row = post.feed(id=sender, reply_token=token_of(ticket_id), **{"from": sender})
        assert row.outcome == "TICKET"
        assert row.ticket_id != ticket_id
    assert len(messages(ticket_id)) == 1


def test_token_counts_for_its_ticket_even_of_whom_nobody_knows_any_more(post: Post) -> None:
    ticket_id, other = post.ticket(), post.ticket(id="m2", **{"from": "jun@shop.example"})
    token = token_of(ticket_id, "mina@work.example")
    row = post.feed(id="m3", reply_token=token, answers=["m2"], **{"from": "Mina@Work.example"})
    assert (row.outcome, row.ticket_id) == ("REPLY", ticket_id)
    assert len(messages(other)) == 1


@pytest.mark.parametrize("token", ["", "1", "1.aaaaaaaaaaaaaaaa", "99999999999.x", "\x00"])
def test_made_up_token_opens_no_ticket(post: Post, token: str) -> None:
    ticket_id = post.ticket()
    row = post.feed(id="m2", reply_token=token, **{"from": STRANGER})
    assert row.outcome == "TICKET"
    assert row.ticket_id != ticket_id


def test_answered_ids_bring_a_participant_back_by_the_nearest(post: Post) -> None:
    first, second = post.ticket(), post.ticket(id="m2")
    assert post.feed(id="m3", answers=[sent_id(post, second), "m1"]).ticket_id == second
    assert post.feed(id="m4", answers=["unknown", " m1 ", "m2"]).ticket_id == first
    assert all_tickets(post.desk.service_id) == 2


def test_number_in_the_subject_brings_a_participant_back(post: Post) -> None:
    ticket_id = post.ticket()
    row = post.feed(id="m2", ticket_number=ticket(ticket_id).number)
    assert (row.outcome, row.ticket_id) == ("REPLY", ticket_id)


@pytest.mark.parametrize("number", [0, -1, 99, 2**63, 2**70])
def test_number_that_no_ticket_has_makes_a_new_one(post: Post, number: int) -> None:
    ticket_id = post.ticket()
    assert post.ticket(id="m2", ticket_number=number) != ticket_id


def test_stranger_who_knows_id_and_number_writes_into_no_ticket(post: Post) -> None:
    ticket_id = post.ticket()
    hints = {"answers": [sent_id(post, ticket_id), "m1"], "ticket_number": ticket(ticket_id).number}
    row = post.feed(id="m3", **hints, **{"from": STRANGER})
    assert row.outcome == "TICKET"
    assert row.ticket_id != ticket_id
    assert [message.kind for message in messages(ticket_id)] == ["INQUIRY", "REPLY"]
    assert post.feed(id="m4", **hints, kind="user_key").ticket_id != ticket_id


def test_agent_who_writes_by_mail_speaks_for_nobody(post: Post) -> None:
    ticket_id = post.ticket()
    row = post.feed(id="m2", answers=[sent_id(post, ticket_id)], **{"from": "agent@demo.example"})
    assert row.ticket_id != ticket_id
    (message,) = messages(row.ticket_id or 0)
    assert message.author_kind == "customer"


def test_whom_the_desk_has_written_to_takes_part(post: Post) -> None:
    ticket_id = post.ticket()
    known_as = sent_id(post, ticket_id)
    (row,) = Delivery.select()
    jun = row.recipients[0] | {"value": "jun@shop.example"}
    Delivery.update(recipients=[*row.recipients, jun]).execute()
    answer = post.feed(id="m2", answers=[known_as], **{"from": "Jun@shop.example"})
    assert (answer.outcome, answer.ticket_id) == ("REPLY", ticket_id)


def test_whoever_is_copied_in_does_not_take_part(post: Post) -> None:
    ticket_id = post.ticket(copied=[STRANGER])
    row = post.feed(id="m2", answers=["m1"], ticket_number=ticket(ticket_id).number, **{"from": STRANGER})
    assert row.ticket_id != ticket_id
    post.reply(ticket_id)
    post.work()
    assert [one.value for one in Echo.sent[-1].recipients] == [MINA]


def test_messages_without_a_sender_have_no_customer_in_common(post: Post) -> None:
    nobody = {"from": "unknown@sender.invalid", "name": ""}
    first = post.ticket(**nobody)
    hints = {"answers": ["m1"], "ticket_number": ticket(first).number, "reply_token": token_of(first, nobody["from"])}
    second = post.ticket(id="m2", **hints, **nobody)
    third = post.ticket(id="m3", **hints, **(nobody | {"name": "Somebody"}))
    assert len({first, second, third}) == 3
    assert [ticket(one).customer_id for one in (first, second, third)] == [None] * 3
    authors = [(one.author_kind, one.author_id, one.author_name) for one in (messages(first)[0], messages(third)[0])]
    assert authors == [("customer", None, ""), ("customer", None, "Somebody")]
    assert [row.sender for row in post.inbox()] == [None, None, "Somebody"]
    assert customers.customer_of_identity(post.desk.service_id, "email", nobody["from"]) is None


def test_nobody_takes_part_whoever_was_written_to(post: Post) -> None:
    ticket_id = post.ticket()
    known_as = sent_id(post, ticket_id)
    (row,) = Delivery.select()
    Delivery.update(recipients=[row.recipients[0] | {"value": "unknown@sender.invalid"}]).execute()
    answer = post.feed(id="m2", answers=[known_as], **{"from": "Unknown@sender.invalid"})
    assert (answer.outcome, len(messages(ticket_id))) == ("TICKET", 2)
    with pytest.raises(Conflict, match="nobody is known who asked here"):
        post.reply(answer.ticket_id or 0)


def test_ticket_of_another_service_is_out_of_reach(post: Post) -> None:
    theirs = make_post(make_desk(post.desk.settings, slug="other"))
    their_ticket = theirs.ticket()
    row = post.feed(
        id="m2", reply_token=token_of(their_ticket), ticket_number=ticket(their_ticket).number, answers=["m1"]
    )
    assert row.outcome == "TICKET"
    assert ticket(row.ticket_id or 0).service_id == post.desk.service_id
    assert len(messages(their_ticket)) == 1


def test_machine_reopens_nothing_and_makes_no_ticket(post: Post) -> None:
    ticket_id = post.ticket()
    tickets.set_status(post.desk.agent, ticket_id, ON_HOLD)
    answer = post.feed(id="m2", answers=["m1"], nature="automatic")
    assert (answer.outcome, answer.ticket_id) == ("AUTO", ticket_id)
    assert ticket(ticket_id).status is ON_HOLD
    assert messages(ticket_id)[-1].is_automatic
    alone = post.feed(id="m3", nature="automatic", **{"from": STRANGER})
    assert (alone.outcome, alone.ticket_id, alone.state) == ("AUTO", None, "PROCESSED")
    assert "answers no ticket" in alone.last_error
    assert all_tickets(post.desk.service_id) == 1


def test_spam_goes_nowhere_and_is_kept(post: Post) -> None:
    ticket_id = post.ticket()
    row = post.feed(id="m2", answers=["m1"], nature="spam")
    assert (row.outcome, row.state, row.ticket_id) == ("SPAM", "PROCESSED", None)
    assert storage().exists(row.storage_key)
    assert len(messages(ticket_id)) == 1


def test_answer_to_a_completed_ticket_follows_it_up_and_goes_on_there(post: Post) -> None:
    ticket_id = post.ticket(subject="환불")
    for status in (RESOLVED, COMPLETED):
        tickets.set_status(post.desk.administrator, ticket_id, status)
    row = post.feed(id="m2", answers=["m1"])
    assert row.outcome == "TICKET"
    assert ticket(row.ticket_id or 0).follow_up_of_id == ticket_id
    assert ticket(row.ticket_id or 0).account_id == post.account_id
    assert post.feed(id="m3", answers=["m2", "m1"]).ticket_id == row.ticket_id


def test_report_on_a_message_that_nobody_sent_is_noted(post: Post) -> None:
    row = post.feed(id="<unknown@x>", report="failed", to=MINA)
    assert (row.outcome, row.ticket_id) == ("BOUNCE", None)
    assert "did not send" in row.last_error
    post.ticket(id="in")
    assert "did not send" in post.feed(id="in", report="failed", to=MINA).last_error


def test_report_by_another_account_is_not_believed(post: Post) -> None:
    ticket_id = post.ticket()
    known_as, other = sent_id(post, ticket_id), make_post(post.desk)
    assert other.feed(id=known_as, report="failed", to=MINA).ticket_id is None
    assert post.feed(id=known_as, report="failed", to=MINA, reason="no such user").ticket_id == ticket_id


def test_message_without_a_subject_is_named_after_its_text(post: Post) -> None:
    assert ticket(post.ticket(text="배송이\n늦어요")).subject == "배송이 늦어요"
    assert ticket(post.ticket(id="m2", text="")).subject == "-"


class WatchedStorage(LocalStorage):
    """A storage that notes in how many transactions it is written."""

    depths: list[int]

    def put(self, content: bytes | BinaryIO, *, limit_bytes: int) -> Stored:
        self.depths.append(db.database.transaction_depth())
        return super().put(content, limit_bytes=limit_bytes)


def test_no_transaction_waits_for_the_disk(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = WatchedStorage(post.desk.settings.data_dir / "files")
    watched.depths = []
    monkeypatch.setattr(storages, "_storage", watched)
    ticket_id = post.ticket(files={"a.txt": "a", "b.txt": "b"})
    assert post.feed(id="m2", answers=["m1"], files={"c.txt": "c"}).ticket_id == ticket_id
    assert watched.depths == [0] * 5


def files_of(row_id: int, post: Post) -> list[tuple[str, bytes]]:
    """Return the names and bytes of the files of a filed message."""
    (found,) = ticket_queries.attachments_of_messages([post.item(row_id).message_id or 0])
    return [(file.filename, storage().read(file.storage_key)) for file in found]


def test_files_of_a_filing_that_fails_are_there_for_the_next_try(post: Post, failpoint: None) -> None:
    failpoints.arm("inbox.files:raise:1")
    row_id = post.put(files={"a.txt": "bytes"})
    post.work()
    assert post.item(row_id).state == "RETRYING"
    assert storage().exists(hashlib.sha256(b"bytes").hexdigest())
    post.try_again()
    assert files_of(row_id, post) == [("a.txt", b"bytes")]


@pytest.mark.parametrize("doubt", [{"nature": "spam"}, {"suspicion": "It is forged."}])
def test_files_of_what_is_set_aside_are_stored_once_it_is_released(post: Post, doubt: dict[str, str]) -> None:
    row_id = post.feed(files={"a.txt": "bytes"}, **doubt).id
    assert not storage().exists(hashlib.sha256(b"bytes").hexdigest())
    inbox.let_through(post.desk.administrator, row_id)
    post.work()
    assert files_of(row_id, post) == [("a.txt", b"bytes")]
