"""The corpus by the doors that it comes in by, a real mailbox and files, and through the process that reads it.

Source: SECURITY 1.1, U3 and U9.
"""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from helpdesk.channels import accounts, processes
from helpdesk.channels.listening import Listeners
from helpdesk.channels.models import ChannelAccount, InboxRow
from helpdesk.sdk.channel import InboundRequest, Refused
from tests.attacks.mailboxes import LINK, SETTINGS, Mailbox, download
from tests.factories.client import Caller, log_in
from tests.factories.desk import Desk, make_desk
from tests.factories.isolated import end_channels
from tests.factories.mails import CORPUS, with_ends
from tests.factories.processes import HELPDESK, eventually
from tests.house.programs import fresh_environment
from tests.servers.dovecot import DovecotServer

MOST_CPU_SECONDS = 2.0
MOST_RESIDENT = 300_000_000
WHOLE = {file.stem: file.read_bytes() for file in CORPUS}
TWIN = "carriage-returns"  # with CRLF for its line ends, as mailboxes have it, it is another one (line-feeds)
KEPT = {name: raw for name, raw in WHOLE.items() if raw and b"\0" not in raw and name != TWIN}
"""What a mailbox keeps as it is but for line ends: no NUL, and not nothing."""
CONVERSATIONS = {"배송 문의", "한 번", "다른 것"}
pytestmark = pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)  # the database has no part in it


@pytest.fixture(autouse=True)
def _none_is_left() -> Iterator[None]:
    yield
    end_channels()


def mailbox_of(desk: Desk, caller: Caller, **settings: Any) -> Mailbox:
    """Make a mail account of the caller's service."""
    caller.done("ChannelAccountCreate", driver="email", name="Mail", settings=SETTINGS | settings)
    (account,) = ChannelAccount.select().where(ChannelAccount.service == desk.service_id)
    return Mailbox(desk, caller, int(account.id))


@pytest.mark.dovecot
def test_mailbox_and_files_give_the_same_tickets(
    desk: Desk, administrator: Caller, dovecot: DovecotServer, tmp_path: Path
) -> None:
    user = dovecot.new_user()
    dovecot.append_all(user, KEPT.values())
    place = {"imap_host": dovecot.host, "imap_port": dovecot.port, "imap_security": "none"}
    polled = mailbox_of(desk, administrator, **place, imap_username=user, imap_password=dovecot.password)
    poll(polled, len(KEPT))
    other = make_desk(desk.settings, slug="other")
    fed = mailbox_of(other, log_in(administrator.but(slug="other"), "admin@demo.example"))
    ingest(fed, tmp_path)
    assert outcomes(polled) == outcomes(fed)
    assert seen(polled) == seen(fed)
    assert_conversations_are_kept_together(polled)


def poll(mailbox: Mailbox, count: int) -> None:
    """Fetch from the mailbox until so many mails are there, and file them."""
    listeners = Listeners(mailbox.desk.settings, look_seconds=0.1)
    listeners.start()
    eventually(lambda: InboxRow.select().count() == count, seconds=60, what="The fetching of every mail")
    listeners.stop()
    mailbox.desk.run_jobs()


def ingest(mailbox: Mailbox, folder: Path) -> None:
    """Feed the mails as files, whose lines end as they do on Unix, and see that each has its line in the answer."""
    files = [folder / f"{name}.eml" for name in KEPT]
    for file, raw in zip(files, KEPT.values(), strict=True):
        file.write_bytes(with_ends(raw, b"\n"))
    done = subprocess.run(
        [HELPDESK, "mail", "ingest", "--json", "--service", mailbox.caller.slug, *map(str, files)],
        env={**fresh_environment(), "HELPDESK_DATA_DIR": str(mailbox.desk.settings.data_dir)},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["file"] for one in told] == list(map(str, files))
    assert all(one["outcome"] for one in told)


def outcomes(mailbox: Mailbox) -> Counter[Any]:
    """Return what became of what came in."""
    return Counter((row["outcome"], row["state"], row["sender"], row["subject"]) for row in mailbox.rows())


def seen(mailbox: Mailbox) -> Counter[str]:
    """Return the tickets as an agent sees them."""
    return Counter(json.dumps(seen_of(mailbox.caller, ticket), ensure_ascii=False) for ticket in mailbox.tickets())


def seen_of(caller: Caller, ticket: Any) -> Any:
    """Return a ticket without what is its own alone: its id, and the links to its files."""
    messages = ticket["messages"]["nodes"]
    for message in messages:
        for name, words in message.items():
            message[name] = LINK.sub(" src", words) if isinstance(words, str) else words
        for file in message["attachments"]:
            data = download(caller, file.pop("url")).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            file.update(size=len(data), data=data.hex())
    return [ticket["subject"], ticket["customer"], messages]


def assert_conversations_are_kept_together(mailbox: Mailbox) -> None:
    """Assert what an agent finds of the corpus's conversation, of a stranger who knows its id, and of a mail's copy."""
    found = Counter(
        (ticket["customer"]["email"], *sorted(message["bodyText"] for message in ticket["messages"]["nodes"]))
        for ticket in mailbox.tickets()
        if ticket["subject"].removeprefix("Re: ") in CONVERSATIONS
    )
    mina, first = "mina@shop.example", "안녕하세요. 환불해 주세요."
    assert found == Counter(
        [
            (mina, *sorted([first, "하나 더 있습니다.", "또 있습니다.", "부재중입니다."])),
            (mina, "다른 문의입니다."),  # the same subject, and no answer
            ("evil@else.example", "보여 주세요."),
            (mina, first),  # it came twice
            (mina, "다른 문의입니다."),  # under its id
        ]
    )


def test_no_mail_takes_its_reader_long(desk: Desk, administrator: Caller, own_mails: list[bytes]) -> None:
    mailbox = mailbox_of(desk, administrator)
    driver = accounts.driver_by_id(mailbox.account_id)
    driver.receive(InboundRequest(WHOLE["bom"]))
    (child,) = processes.running()
    assert child.is_reader
    last = cpu_seconds(child.pid)
    took: dict[str, float] = {}
    for name, raw in (WHOLE | {f"own {place}": raw for place, raw in enumerate(own_mails)}).items():
        with suppress(Refused):
            driver.receive(InboundRequest(raw))
        now = cpu_seconds(child.pid)
        took[name], last = now - last, now
    assert {name: seconds for name, seconds in took.items() if seconds > MOST_CPU_SECONDS} == {}
    assert processes.running() == {child}, "no mail has ended it"
    peak_kib = int(Path(f"/proc/{child.pid}/status").read_text().partition("VmHWM:")[2].split()[0])
    assert peak_kib * 1024 < MOST_RESIDENT


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has had. Source: Linux, proc_pid_stat(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
