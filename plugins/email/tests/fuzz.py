"""Fuzzes the reader, the folders of quotations or the writer of headers, guided by what code each input reaches.

By hand, and it ends by itself; pytest does not run it:

    pip install atheris==3.0.0
    python plugins/email/tests/fuzz.py reader 300

A finding is printed and kept as a file named crash-…; make a mail of the corpus of it.
"""

import email
import email.policy
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import atheris  # type: ignore[import-not-found]  # has wheels for Linux alone, so it is installed by hand

with atheris.instrument_imports(include=["helpdesk_email"]):
    from helpdesk_email.quoting import quoted_from
    from helpdesk_email.settings import EmailSettings
    from helpdesk_email.writing import write
    from test_folding import GOLDEN, SAID, assert_fold_is_harmless
    from test_mutations import assert_promises

from helpdesk.sdk.channel import Identity, Outbound

CORPUS = Path(__file__).with_name("corpus")
SETTINGS = EmailSettings(address="support@desk.example")
CUSTOMER = "hong@customer.example"
LONGEST_INPUT_SECONDS = 5


def read_one(raw: bytes) -> None:
    """Read a mail."""
    assert_promises(raw)


def fold_one(raw: bytes) -> None:
    """Look for the place where quoting begins in a text."""
    text = raw.decode("utf-8", "replace")
    place = quoted_from(text, subject=text[:20])
    assert place is None or (0 < place <= len(text) and text[:place].strip())


def fold_page(raw: bytes) -> None:
    """Look for the place where quoting begins in a page."""
    assert_fold_is_harmless(raw.decode("utf-8", "replace"))


def write_one(raw: bytes) -> None:
    """Write a mail with such words in each of its headers, and read it as a mail program does."""
    words = raw.decode("utf-8", "surrogatepass") if raw.isascii() else raw.decode("utf-8", "replace")
    message = Outbound(
        key="k1", recipients=(Identity("email", CUSTOMER, words),), subject=words, text=words, ticket_number=1,
        answers=(words,), external_id=words, reply_token=words,
    )  # fmt: skip
    mail = email.message_from_bytes(write(message, SETTINGS), policy=email.policy.default)
    assert [address.addr_spec for address in mail["To"].addresses] == [CUSTOMER]
    assert len({name.lower() for name in mail}) == len(mail.keys())
    assert mail["Bcc"] is None


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "reader": read_one, "quotes": fold_one, "pages": fold_page, "headers": write_one,
}  # fmt: skip


def main() -> None:
    """Fuzz the target for so many seconds."""
    if len(sys.argv) != 3 or sys.argv[1] not in TARGETS or not sys.argv[2].isdigit():
        sys.exit(f"Usage: python {sys.argv[0]} {'|'.join(TARGETS)} SECONDS")
    target, seconds = TARGETS[sys.argv[1]], sys.argv[2]
    with tempfile.TemporaryDirectory() as found:  # what it reaches is kept apart from the corpus
        for number, page in enumerate(GOLDEN.values()):
            Path(found, f"page-{number}").write_text(f"{SAID}{page}", "utf-8")
        options = [f"-max_total_time={seconds}", f"-timeout={LONGEST_INPUT_SECONDS}", "-rss_limit_mb=1024"]
        atheris.Setup([sys.argv[0], found, str(CORPUS), *options], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
