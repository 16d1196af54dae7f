"""Whether a mail comes from whom it says: our own server's findings, nobody else's, and names that pretend."""

import pytest
from helpdesk_email.reading import read
from helpdesk_email.settings import EmailSettings

from helpdesk.sdk.channel import Inbound, InboundRequest, SenderProof

OURS = "mx.desk.example"
SETTINGS = EmailSettings(address="support@desk.example", authserv_id=OURS)
FROM = "From: Mina <mina@shop.example>"
BUSY = ["(" * 4000, "spf=" + "pass " * 800, ";" * 4000, "header.d=" * 450, "dkim=pass " + "smtp.mailfrom=@" * 270]

PASSED = "dmarc=pass header.from=shop.example"
FORGED = [
    f'"x; {PASSED}"@evil.example',
    f'"x); {PASSED}; ("@evil.example',
    f'"x(; {PASSED}; )"@evil.example',
    f'"x\\"; {PASSED}; y"@evil.example',
    f'"x\\\\"@evil.example "; {PASSED}; y',
    f'"x; {PASSED}; @evil.example',
    f'"x; {PASSED}; \\',
    '"shop.example"@evil.example',
    '"mina@shop.example"@evil.example',
    '"mina@shop.example".x@evil.example',
    f"{'x' * 400}.shop.example@evil.example",
    "header.d=shop.example@evil.example",
    "mina@shop.example@evil.example",
]


def understood(*headers: str, text: str = "안녕하세요", settings: EmailSettings = SETTINGS) -> Inbound:
    """Return the mail with these headers, as it is understood."""
    found = read(InboundRequest("\r\n".join([*headers, "", text]).encode()), settings)
    assert isinstance(found, Inbound)
    return found


def results(said: str, *, by: str = OURS) -> str:
    """Return the header in which a server says what it found."""
    return f"Authentication-Results: {by}; {said}"


@pytest.mark.parametrize(
    ("said", "proof", "details"),
    [
        ("dmarc=pass (p=reject) header.from=shop.example", "passed", "dmarc=pass"),
        ("dmarc=pass header.from=else.example", "none", "dmarc=pass"),
        ("dmarc=fail (p=none dis=none) header.from=shop.example", "failed", "dmarc=fail"),
        ("spf=pass smtp.mailfrom=bounce@shop.example; dmarc=fail", "failed", "spf=pass dmarc=fail"),
        ("dkim=pass header.d=shop.example; spf=fail smtp.mailfrom=a@b.example", "passed", "dkim=pass spf=fail"),
        ("dkim=pass header.i=@mail.shop.example", "passed", "dkim=pass"),
        ("dkim=pass header.d=else.example", "none", "dkim=pass"),
        ("dkim=pass header.d=example", "none", "dkim=pass"),
        ("dkim=pass header.d=evilshop.example", "none", "dkim=pass"),
        ("dkim=fail header.d=shop.example; dkim=pass header.d=shop.example", "passed", "dkim=pass"),
        ("dkim=pass header.d=shop.example; dkim=pass header.d=else.example", "passed", "dkim=pass"),
        ("dkim=pass header.d=else.example; dkim=pass header.d=shop.example", "passed", "dkim=pass"),
        ("spf=pass smtp.mailfrom=mina@shop.example", "passed", "spf=pass"),
        ("spf=pass smtp.mailfrom=shop.example", "passed", "spf=pass"),
        ("spf=fail smtp.mailfrom=mina@shop.example", "failed", "spf=fail"),
        ("spf=softfail smtp.mailfrom=mina@shop.example", "none", "spf=softfail"),
        ("dmarc=temperror", "none", "dmarc=temperror"),
        ("spf=pass (a comment; dmarc=pass (and (one)) in it) smtp.mailfrom=a@else.example", "none", "spf=pass"),
        ("none", "none", ""),
        ("", "none", ""),
        ("arc=pass; iprev=pass; x=y", "none", ""),
    ],
)
def test_our_own_server_s_findings_prove_the_sender(said: str, proof: str, details: str) -> None:
    mail = understood("Received: by mx", results(said), FROM)
    assert (mail.proof, mail.proof_details) == (proof, details)
    assert bool(mail.suspicion) == (proof == "failed")


@pytest.mark.parametrize(
    "headers",
    [
        [results("dmarc=pass header.from=shop.example", by="mx.else.example")],
        [results("dmarc=pass header.from=shop.example", by=f"{OURS}.else.example")],
        ["Received: a", "Received: b", "Received: c", results("dmarc=pass header.from=shop.example")],
        ["X-Authentication-Results: mx.desk.example; dmarc=pass"],
        [f"ARC-Authentication-Results: i=1; {OURS}; dmarc=pass"],
        *([results(f"spf=pass smtp.mailfrom={whose}; dmarc=none")] for whose in FORGED),
    ],
)
def test_findings_of_others_prove_nothing(headers: list[str]) -> None:
    assert understood(*headers, FROM).proof is SenderProof.NONE


@pytest.mark.parametrize("whose", FORGED)
@pytest.mark.parametrize(
    "before", ["spf=pass smtp.mailfrom=", "spf=none; dkim=pass header.i=", "spf=pass (of {}) smtp.mailfrom="]
)
def test_what_the_sender_wrote_in_quotes_hides_no_failure(before: str, whose: str) -> None:
    mail = understood(results(f"{before.format(whose)}{whose}; dmarc=fail header.from=shop.example"), FROM)
    assert mail.proof is not SenderProof.PASSED


def test_domain_that_is_cut_off_is_nobody_s() -> None:
    for length in range(4_030, 4_070):
        said = f"spf=pass smtp.mailfrom={'x' * length}@shop.example.evil.example"
        assert understood(results(said), FROM).proof is SenderProof.NONE


@pytest.mark.parametrize(
    "said",
    [
        'dmarc=pass header.from="shop.example"',
        'dkim=pass reason="1024-bit key; unprotected key" header.d=shop.example',
        'dkim=pass reason="a (b" header.d=shop.example',
        'dkim=pass (said "so; it is") header.i="@shop.example"; spf=none',
        'spf=pass (of "a b"@shop.example) smtp.mailfrom="a b"@shop.example',
    ],
)
def test_quotes_are_no_reason_to_believe_less(said: str) -> None:
    assert understood(results(said), FROM).proof is SenderProof.PASSED


def test_what_stands_first_is_believed_rather_than_what_came_along() -> None:
    mail = understood(results("dmarc=fail"), "Received: by mx", results("dmarc=pass header.from=shop.example"), FROM)
    assert mail.proof is SenderProof.FAILED
    assert mail.suspicion == "It does not come from mina@shop.example, our mail server says: dmarc=fail."


@pytest.mark.parametrize("first", ["dkim=fail header.d=shop.example", "dkim=none", "spf=none; dkim=permerror"])
def test_signature_holds_only_if_the_field_that_tells_of_signatures_first_says_so(first: str) -> None:
    mail = understood(results(first), "Received: by mx", results("dkim=pass header.d=shop.example"), FROM)
    assert mail.proof is SenderProof.NONE


def test_each_method_may_have_a_field_of_its_own() -> None:
    fields = [results(said) for said in ("spf=fail", "dkim=pass header.d=shop.example", "dmarc=pass")]
    mail = understood(*fields, FROM)
    assert (mail.proof, mail.proof_details) == (SenderProof.PASSED, "spf=fail dkim=pass dmarc=pass")


def test_version_and_case_of_the_server_s_name_do_not_matter() -> None:
    assert understood("Authentication-Results: MX.desk.example 1; dmarc=pass", FROM).proof is SenderProof.PASSED


def test_nobody_is_proven_where_no_server_of_ours_is_named() -> None:
    settings = EmailSettings(address="support@desk.example")
    assert understood(results("dmarc=pass"), FROM, settings=settings).proof is SenderProof.NONE


@pytest.mark.parametrize(
    ("sender", "is_suspicious"),
    [
        ('"ceo@desk.example" <x@evil.example>', True),
        ("ceo@desk.example via Mail <x@evil.example>", True),
        ('"mina@shop.example" <mina@shop.example>', False),
        ('"mina@mail.shop.example" <mina@shop.example>', False),
        ("미나 @ 상점 <mina@shop.example>", False),
        ("Mina <mina@shop.example>", False),
    ],
)
def test_name_that_is_somebody_else_s_address_is_suspicious(sender: str, is_suspicious: bool) -> None:
    assert bool(understood(f"From: {sender}").suspicion) == is_suspicious


@pytest.mark.parametrize("said", BUSY)
def test_fields_that_are_made_to_keep_a_reader_busy_do_not(said: str) -> None:
    assert understood(*[results(said)] * 50, FROM).proof is SenderProof.NONE


HEAD = "From: Jun <jun@shop.example>\nSent: 3 Nov\nTo: help\nSubject: Refund\n\nRefund"
GMAIL = (
    "---------- Forwarded message ---------\nFrom: 박준 <jun@shop.example>\nDate: 3 Nov\nSubject: 환불\nTo: a\n\n환불"
)
OUTLOOK = "보낸 사람: 박준 [mailto:jun@shop.example]\n보낸 날짜: 11월 3일\n받는 사람: help\n제목: 환불\n\n환불"


@pytest.mark.parametrize(
    ("text", "subject", "author"),
    [
        (f"봐 주세요.\n\n{GMAIL}", "Hi", "jun@shop.example"),
        (OUTLOOK, "전달: 환불", "jun@shop.example"),
        (HEAD, "Re: Refund", None),
        (HEAD, "Fw: Refund", "jun@shop.example"),
        (HEAD.replace("<jun@shop.example>", ""), "Fw: Refund", None),
    ],
)
def test_author_of_a_forwarded_mail_is_read(text: str, subject: str, author: str | None) -> None:
    mail = understood(FROM, f"Subject: {subject}", text=text)
    assert (mail.forwarded_from and mail.forwarded_from.value) == author


@pytest.mark.parametrize(
    "author",
    ["noreply@shop.example", "MAILER-DAEMON@mx.example", "postmaster@shop.example", "support+t.abc@desk.example"],
)
def test_nobody_is_answered_who_does_not_read_answers_because_their_mail_was_forwarded(author: str) -> None:
    assert understood(FROM, "Subject: Fw: Refund", text=HEAD.replace("jun@shop.example", author)).forwarded_from is None
