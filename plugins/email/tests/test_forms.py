"""Whose the mail of a web form is: the person's in its Reply-To, if the account says that the sender is a form."""

import pytest
from helpdesk_email.reading import read
from helpdesk_email.settings import EmailSettings
from pydantic import ValidationError

from helpdesk.sdk.channel import Inbound, InboundRequest, Nature, SenderProof

FORM = "noreply@shop.example"
SETTINGS = EmailSettings(
    address="support@shop.example", authserv_id="mx.shop.example", form_senders=(FORM, "support@shop.example"),
    spam_header="X-Spam-Flag",
)  # fmt: skip
MINA = "Reply-To: =?utf-8?B?66+464KY?= <mina@home.example>"


def understood(*headers: str, sender: str = FORM, settings: EmailSettings = SETTINGS) -> Inbound:
    """Return a mail of the sender, as it is understood."""
    found = read(InboundRequest("\r\n".join([f"From: {sender}", *headers, "", "문의"]).encode()), settings)
    assert isinstance(found, Inbound)
    return found


@pytest.mark.parametrize("sender", [FORM, "Shop <NoReply@Shop.example>", "support@shop.example"])
@pytest.mark.parametrize("mark", ["X-Mailer: x", "Auto-Submitted: auto-generated", "Precedence: bulk"])
def test_mail_of_a_form_is_the_person_s_who_filled_it_in(sender: str, mark: str) -> None:
    mail = understood(MINA, mark, sender=sender)
    assert (mail.sender.value, mail.sender.name, mail.nature) == ("mina@home.example", "미나", Nature.PERSON)
    assert mail.copied == ()


def test_without_the_setting_or_from_elsewhere_nobody_believes_reply_to() -> None:
    plain = EmailSettings(address="support@shop.example")
    assert understood(MINA, settings=plain).sender.value == FORM
    assert understood(MINA, sender="noreply@else.example").sender.value == "noreply@else.example"


@pytest.mark.parametrize("name", ["", "<>", FORM, "support+t.1.a@shop.example", "no-reply@else.example", "nobody"])
def test_form_that_names_nobody_who_reads_answers_stays_the_sender(name: str) -> None:
    mail = understood(f"Reply-To: {name}")
    assert mail.sender.value == FORM


def test_forged_mail_is_no_form_s_and_is_held() -> None:
    mail = understood("Authentication-Results: mx.shop.example; dmarc=fail", MINA)
    assert (mail.sender.value, mail.proof, bool(mail.suspicion)) == (FORM, SenderProof.FAILED, True)


def test_what_is_proven_of_a_form_proves_nothing_of_the_person() -> None:
    mail = understood("Authentication-Results: mx.shop.example; dmarc=pass header.from=shop.example", MINA)
    assert (mail.proof, mail.proof_details) == (SenderProof.NONE, f"form={FORM} dmarc=pass")
    assert understood('Reply-To: "Lee <lee@shop.example>" <x@else.example>').suspicion
    assert understood("Reply-To: mina @ home.example").undeliverable


def test_spam_and_our_own_mail_that_comes_back_are_no_person_s() -> None:
    assert understood(MINA, "X-Spam-Flag: YES").nature is Nature.SPAM
    assert understood(MINA, "X-Loop: support@shop.example").nature is Nature.AUTOMATIC


def test_form_must_be_an_address() -> None:
    with pytest.raises(ValidationError, match="“shop” is no mail address"):
        EmailSettings(address="a@b.example", form_senders=("shop",))
