"""What a channel owes: nothing lost, nothing doubled, every letter kept, and the right verdict on the outside.

::

    class TestEcho(ChannelContract):
        channel = Echo
        settings = {"url": "https://echo.example/send", "token": "a peculiar secret"}

        def inbound(self, text, *, external_id, sender, files=()):
            return self.request(json.dumps({"id": external_id, "from": sender.value, "text": text}).encode())

        def carried(self, call):
            return Carried(call.json()["text"])

That is enough for a channel that is called by HTTP and calls by ``self.http``. One that signs
overrides ``request``; one that speaks another protocol starts its server in ``arrange``, and
overrides ``provide`` and ``sent``.
"""

from contextlib import suppress
from dataclasses import replace
from unittest import SkipTest

from helpdesk.sdk.channel import Refused, Retry, WindowClosed
from helpdesk.sdk.testing.kit import Kit
from helpdesk.sdk.testing.outside import (
    A_DAY_SECONDS,
    ANSWER,
    BYTES,
    FILE,
    GARBAGE,
    KOREAN,
    LINE,
    MEBIBYTE,
    NAME,
    QUESTION,
    Carried,
    ChannelOutside,
    Outcome,
)
from helpdesk.sdk.testing.rules import ensure, rule

__all__ = ["Carried", "ChannelContract", "Outcome"]


class ChannelContract(ChannelOutside):
    """The rules of one channel."""

    @rule("CH-RECEIVE", fix="receive must return one Inbound with the provider's id, the sender and the text.")
    def test_message_becomes_a_ticket(self, kit: Kit) -> None:
        """A message from outside becomes one ticket, with its text."""
        account = self.begin(kit)
        ticket = self.ask(kit, account)
        message = kit.messages(ticket.id)[0]
        ensure(QUESTION in message.text, f"The ticket says {message.text[:100]!r} instead of {QUESTION!r}.")

    @rule("CH-REPLAY", fix="Take external_id from the provider's own id, which is the same when it calls again.")
    def test_replay_makes_no_second_message(self, kit: Kit) -> None:
        """The same request twice is one message."""
        account = self.begin(kit)
        request = self.question()
        for _time in range(2):
            self.bring(kit, account, request)
            kit.work()
        count = sum(len(kit.messages(ticket.id)) for ticket in kit.tickets())
        ensure(count == 1, f"The same request twice made {count} messages.")

    @rule("CH-GARBAGE", fix="Raise Refused in receive for what cannot be read; anything else is tried again in vain.")
    def test_garbage_is_refused_and_the_next_message_gets_through(self, kit: Kit) -> None:
        """Bytes that are no message are set aside at once, and the line moves on."""
        account = self.begin(kit)
        for body in GARBAGE:
            status = kit.receive(account, self.request(body))
            ensure(status in (200, 401), f"The hook answered {status} to the body {body[:40]!r}.")
            kit.work()
            for item in kit.inbox()[-1:]:
                ensure(item.state != "RETRYING", f"Reading the body {body[:40]!r} failed: {item.reason}")
        before = len(kit.tickets())
        self.bring(kit, account, self.question())
        kit.work()
        ensure(len(kit.tickets()) == before + 1, "A message after the garbage did not get through.")

    @rule("CH-EMPTY", fix="Let an empty text be an Inbound with text='': people send files and stickers alone.")
    def test_empty_text_is_fine(self, kit: Kit) -> None:
        """A message without any text is read like any other."""
        account = self.begin(kit)
        self.bring(kit, account, self.inbound("", external_id="empty-1", sender=self.customer()))
        kit.work()
        (item,) = kit.inbox()
        ensure(item.state == "PROCESSED", f"The empty message is {item.state}: {item.reason}")

    @rule("CH-HUGE", fix="Read the whole body, whatever its size; the desk has limits of its own.")
    def test_huge_text_comes_through(self, kit: Kit) -> None:
        """A text of one mebibyte is read in time and not cut off."""
        account = self.begin(kit)
        lines = LINE * (MEBIBYTE // len(LINE.encode()))
        text = f"{lines}The end."
        self.bring(kit, account, self.inbound(text, external_id="huge-1", sender=self.customer()))
        kit.work()
        (item,) = kit.inbox()
        ensure(item.state == "PROCESSED", f"The huge message is {item.state}: {item.reason}")
        found = kit.messages(kit.tickets()[0].id)[0].text
        ensure("The end." in found[-40:], f"Of {len(text)} characters {len(found)} came in, without the end.")

    @rule("CH-TEXT-IN", fix="Decode the body as UTF-8 (or as it says), and pass texts and names on as they are.")
    def test_every_letter_comes_in(self, kit: Kit) -> None:
        """Korean text, emoji and signs come in exactly, in names too."""
        account = self.begin(kit)
        sender = replace(self.customer(), name=NAME)
        self.bring(kit, account, self.inbound(KOREAN, external_id="korean-1", sender=sender))
        kit.work()
        ensure(kit.tickets(), f"The message made no ticket: {self.last_reason(kit)}")
        message = kit.messages(kit.tickets()[0].id)[0]
        ensure(KOREAN in message.text, f"{KOREAN!r} came in as {message.text!r}.")
        if self.has_names:
            ensure(message.author_name == NAME, f"The name {NAME!r} came in as {message.author_name!r}.")

    @rule("CH-TEXT-OUT", fix="Encode what goes out as UTF-8, and send message.text as it is.")
    def test_every_letter_goes_out(self, kit: Kit) -> None:
        """Korean text, emoji and signs go out exactly."""
        account = self.begin(kit)
        kit.reply(self.ask(kit, account).id, KOREAN)
        kit.work()
        (message,) = self.require_sent(kit, 1)
        ensure(KOREAN in message.text, f"{KOREAN!r} went out as {message.text!r}.")

    @rule("CH-FILES-IN", fix="Pass the bytes of a file on unchanged; set has_files = False if there are no files.")
    def test_files_come_in_byte_by_byte(self, kit: Kit) -> None:
        """A file comes in with the same bytes and its name."""
        self.require_files()
        account = self.begin(kit)
        self.bring(kit, account, self.question(files=(FILE,)))
        kit.work()
        ensure(kit.tickets(), f"The message made no ticket: {self.last_reason(kit)}")
        files = kit.files(kit.messages(kit.tickets()[0].id)[0].id)
        ensure(len(files) == 1, f"Of one file {len(files)} came in.")
        ensure(files[0].data == BYTES, f"{len(BYTES)} bytes came in as {len(files[0].data)} others.")
        ensure(files[0].filename == FILE.filename, f"{FILE.filename!r} came in as {files[0].filename!r}.")

    @rule("CH-FILES-OUT", fix="Send the bytes of message.files unchanged; set has_files = False if it cannot.")
    def test_files_go_out_byte_by_byte(self, kit: Kit) -> None:
        """A file goes out with the same bytes and its name."""
        self.require_files()
        account = self.begin(kit)
        kit.reply(self.ask(kit, account).id, ANSWER, (FILE,))
        kit.work()
        (message,) = self.require_sent(kit, 1)
        ensure(len(message.files) == 1, f"Of one file {len(message.files)} went out.")
        ensure(message.files[0].data == BYTES, f"{len(BYTES)} bytes went out as {len(message.files[0].data)} others.")
        ensure(message.files[0].filename == FILE.filename, f"Its name went out as {message.files[0].filename!r}.")

    @rule("CH-RETRY", fix="Raise Retry in send when the provider cannot take the message now (5xx, 429, no answer).")
    def test_what_failed_for_now_is_sent_once_later(self, kit: Kit) -> None:
        """A provider that is away gets the message once it is back, and once only."""
        account = self.begin(kit)
        ticket = self.ask(kit, account)
        self.require_verdict(kit, account, Outcome.LATER, Retry)
        kit.reply(ticket.id, ANSWER)
        kit.work()
        (delivery,) = kit.deliveries()
        ensure(delivery.state == "RETRYING", f"The delivery is {delivery.state}, not RETRYING: {delivery.reason}")
        self.provide(kit, Outcome.TAKEN)
        for _time in range(2):
            kit.move(A_DAY_SECONDS)
            kit.work()
        (delivery,) = kit.deliveries()
        ensure(delivery.state == "SENT", f"The delivery is {delivery.state}, not SENT: {delivery.reason}")
        self.require_sent(kit, 1)

    @rule("CH-REFUSED", fix="Raise Refused in send, with the provider's words, when the same again would be refused.")
    def test_what_is_refused_is_final_and_says_why(self, kit: Kit) -> None:
        """A message that the provider refuses is not tried again, and the reason is shown."""
        account = self.begin(kit)
        ticket = self.ask(kit, account)
        self.require_verdict(kit, account, Outcome.REFUSED, Refused)
        kit.reply(ticket.id, ANSWER)
        kit.work()
        (delivery,) = kit.deliveries()
        ensure(delivery.state == "FAILED", f"The delivery is {delivery.state}, not FAILED: {delivery.reason}")
        ensure(delivery.reason not in ("", "Refused"), "The refusal gives no reason.")

    @rule("CH-WINDOW", fix="Raise WindowClosed in send when the provider lets nobody write to the customer now.")
    def test_closed_conversation_shows_as_such(self, kit: Kit) -> None:
        """A conversation that the provider has closed is told apart from a refusal."""
        if not self.has_window:
            raise SkipTest("This channel's provider closes no conversations (has_window).")
        account = self.begin(kit)
        ticket = self.ask(kit, account)
        self.require_verdict(kit, account, Outcome.CLOSED, WindowClosed)
        kit.reply(ticket.id, ANSWER)
        kit.work()
        (delivery,) = kit.deliveries()
        ensure(delivery.state == "FAILED", f"The delivery is {delivery.state}, not FAILED: {delivery.reason}")

    @rule("CH-ORDER", fix="Send each message within the call of send; keep nothing for later.")
    def test_order_is_kept(self, kit: Kit) -> None:
        """The messages of a ticket go out in the order of their writing."""
        account = self.begin(kit)
        ticket = self.ask(kit, account)
        texts = [f"Answer number {number}." for number in (1, 2, 3)]
        for text in texts:
            kit.reply(ticket.id, text)
        kit.work()
        sent = self.require_sent(kit, 3)
        is_kept = all(text in message.text for text, message in zip(texts, sent, strict=True))
        ensure(is_kept, f"They went out as {[message.text[:40] for message in sent]}.")

    @rule("CH-CHECK", fix="Let check() raise only when the settings do not work.")
    def test_check_passes_for_good_settings(self, kit: Kit) -> None:
        """The button “test connection” says yes while the provider answers."""
        account = self.begin(kit)
        kit.driver(account).check()

    @rule("CH-FORGED", fix="Raise Unverified in verify unless the proof fits (compare with hmac.compare_digest).")
    def test_forged_request_is_turned_away(self, kit: Kit) -> None:
        """Who cannot prove to be the provider gets 401, and nothing is kept."""
        if not self.is_verified:
            raise SkipTest("This channel asks for no proof (is_verified).")
        account = self.begin(kit)
        for number, request in enumerate(self.forged(self.question())):
            status = kit.receive(account, request)
            ensure(status == 401, f"A forged request (the {number + 1}. of forged()) was answered with {status}.")
        ensure(not kit.inbox(), "A forged request was kept.")
        self.ask(kit, account)

    @rule("CH-SECRET-LOG", fix="Log no settings, no headers and no requests; name the account by what is public.")
    def test_no_secret_is_logged(self, kit: Kit) -> None:
        """No secret of the settings stands in any line of the log."""
        account = self.live(kit)
        logged = kit.logged()
        found = [name for name, secret in self.secrets(kit, account) if secret in logged]
        ensure(not found, f"The log holds the secret of the setting {', '.join(found)}.")

    @rule("CH-SECRET-ROW", fix="Put no secret into messages, names, ids or errors.")
    def test_no_secret_is_stored(self, kit: Kit) -> None:
        """No secret of the settings stands in any row or reason, in clear."""
        account = self.live(kit)
        for name, secret in self.secrets(kit, account):
            tables = kit.rows_with(secret)
            ensure(not tables, f"The secret of the setting {name} stands in clear in {', '.join(tables)}.")

    @rule("CH-NETWORK", fix="Call the outside by self.http alone, or kit.allow() the server that the test starts.")
    def test_nothing_goes_past_http(self, kit: Kit) -> None:
        """The channel reaches the outside by the desk's way only, which is bounded and guarded."""
        account = self.live(kit)
        with suppress(Exception):  # what check says is another rule's matter
            kit.driver(account).check()
        ensure(not kit.strays(), f"It connected to {', '.join(kit.strays())}.")

    @rule("CH-BESIDE", fix="Share no global state, names or signals with other plugins.")
    def test_works_beside_all_others(self, kit: Kit) -> None:
        """The channel works beside every installed plugin, and beside one that raises everywhere."""
        kit.crowd()
        account = self.begin(kit)
        kit.reply(self.ask(kit, account).id, ANSWER)
        kit.work()
        self.require_sent(kit, 1)
