"""B2: what an agent answers by mail goes out whole, and nothing of what the mail quotes. Source: SECURITY B2, 1.2."""

import re
from email import message_from_bytes, policy

import pytest

from helpdesk.channels import inbox
from plugins.email.tests.test_folding import BESIDE
from plugins.email.tests.test_folding import GOLDEN as PAGES
from plugins.email.tests.test_quoting import GOLDEN as TEXTS
from tests.attacks.loops import LARGEST, Side, mail
from tests.attacks.outgoing import AUTHSERV, CUSTOMER, SUPPORT
from tests.servers.smtp import SmtpServer

AGENT = "agent@demo.example"
SAID = "네, 1042번입니다.\n2026년 11월 3일까지요."
PAGE = "<div>네, <b>1042</b>번입니다.<br>2026년 11월 3일까지요.</div>"
QUOTED = "주문번호를알려"
BOUND = "=_bound"


def answer(number: int, text: str = "", page: str = "") -> bytes:
    """Return what an agent answers to ticket 1 by mail, proven by our own mail server."""
    parts = [
        f"Content-Type: text/{kind}; charset=utf-8\r\n\r\n{said}\r\n"
        for kind, said in (("plain", text), ("html", page))
        if said
    ]
    body = "".join(f"--{BOUND}\r\n{part}" for part in parts) + f"--{BOUND}--"
    return mail(
        sender=AGENT, to=SUPPORT, subject="Re: [#1] Mine", text=body.replace("\r\n", "\n").replace("\n", "\r\n"),
        Message_ID=f"<answer-{number}@demo.example>", MIME_Version="1.0",
        Content_Type=f'multipart/alternative; boundary="{BOUND}"',
        Authentication_Results=f"{AUTHSERV}; dmarc=pass header.from={AGENT}",
    )  # fmt: skip


def without_a_blank_line(page: str) -> str:
    """Return a quotation as it follows directly on what was written above it."""
    below = re.sub(r"\A(?:<p>)?<br>(?:</p>)?", "", page)
    return below if below.startswith("<") else f"<br>{below}"


ANSWERS = {
    **{f"text of {name}": (f"{SAID}\n{quoted}", "") for name, quoted in TEXTS.items()},
    **{f"page of {name}": ("", PAGE + without_a_blank_line(quoted)) for name, quoted in PAGES.items()},
    **{f"both of {name}": (f"{SAID}\n{text}", PAGE + quoted) for name, (text, quoted) in BESIDE.items()},
    "both, in a text of other words": (f"{SAID}\n\n(quoted) {QUOTED}", PAGE + PAGES["gmail"]),
}


def letters(text: str) -> str:
    """Return the letters that a reader sees."""
    return "".join(re.findall(r"[^\W_]+", text))


def test_every_client_s_answer_goes_out_whole_and_without_what_it_quotes(ours: Side, smtp_server: SmtpServer) -> None:
    ours.take(mail(sender=CUSTOMER, to=SUPPORT, subject="Mine", Message_ID="<1@customer.example>"))
    for number, (text, page) in enumerate(ANSWERS.values()):
        raw = answer(number, *(one.replace("까지요.", f"까지요, {number}번.") for one in (text, page)))
        inbox.store(ours.account_id, ours.desk.service_id, raw, largest=LARGEST)
    ours.desk.run_jobs()
    went_out = {}
    for one in smtp_server.wait_for(len(ANSWERS)):
        sent = message_from_bytes(one.raw, policy=policy.default)
        words = letters(sent.get_body(("plain",)).get_content())  # type: ignore[attr-defined]
        went_out[words] = one.recipients
    for number, name in enumerate(ANSWERS):
        (words,) = (one for one in went_out if f"{letters(SAID)}{number}번" in one)
        assert (QUOTED in words, went_out[words]) == (False, (CUSTOMER,)), name


@pytest.mark.parametrize(
    ("mark", "gone"), [("gmail_quote", {"old.png"}), ("", set())], ids=["quotation", "in doubt all are kept"]
)
def test_pictures_of_what_is_quoted_stay_here(ours: Side, smtp_server: SmtpServer, mark: str, gone: set[str]) -> None:
    ours.take(mail(sender=CUSTOMER, to=SUPPORT, subject="Mine", Message_ID="<1@customer.example>"))
    text = f"See\n\nOn Tue, Nov 3, 2026 at 3:12 PM Help <{SUPPORT}> wrote:\n> {QUOTED}"
    page = '<p>See</p><img src="cid:new&amp;@x">'
    page += f'<div class="{mark}">Help, on Monday<blockquote><img src="CID:old%40x"><img src="cid:new&amp;@x">{QUOTED}'
    parts = [
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n",
        f"Content-Type: text/html; charset=utf-8\r\n\r\n{page}\r\n",
        *(
            f"Content-Type: image/png; name={name}.png\r\nContent-ID: <{known_as}>\r\n\r\n{name}\r\n"
            for name, known_as in (("new", "new&@x"), ("old", "old@x"))
        ),
        "Content-Type: text/csv; name=list.csv\r\nContent-Disposition: attachment\r\n\r\na,b\r\n",
    ]
    ours.take(
        mail(
            sender=AGENT, to=SUPPORT, subject="Re: [#1] Mine", MIME_Version="1.0", Message_ID="<a@demo.example>",
            text="".join(f"--{BOUND}\r\n{part}" for part in parts) + f"--{BOUND}--",
            Content_Type=f'multipart/alternative; boundary="{BOUND}"',
            Authentication_Results=f"{AUTHSERV}; dmarc=pass header.from={AGENT}",
        )
    )  # fmt: skip
    (one,) = smtp_server.wait_for(1)
    sent = message_from_bytes(one.raw, policy=policy.default)
    words = sent.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    assert QUOTED not in words
    assert {part.get_filename() for part in sent.walk()} - {None} == {"new.png", "old.png", "list.csv"} - gone
