"""Mails that are signed by DKIM, verified by a verifier that asks a DNS of the test's own."""

import base64

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from helpdesk_email.channel import Email
from helpdesk_email.settings import EmailSettings
from pydantic import ValidationError

from helpdesk.sdk.channel import File, Identity, Outbound

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def dns(name, timeout=5):
    """Answer as the DNS of the domain does."""
    public = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public) if name == b"desk1._domainkey.desk.example." else b""


def settings(**changes) -> dict:
    plain = {"dkim_domain": "desk.example", "dkim_selector": "desk1", "dkim_private_key": pem(KEY)}
    return {"address": "support@desk.example", "sender_name": "고객센터"} | plain | changes


def sent(server, **changes) -> bytes:
    place = {"smtp_host": server.host, "smtp_port": server.port, "smtp_security": "none"}
    message = Outbound(
        "k1", 7, "문의 " * 30, "답변\r\n.\r\n.점", (Identity("email", "hong@customer.example", "홍길동"),),
        html="<p>답변</p>", files=(File("표.csv", "text/csv", b"a,b\n"),),
    )  # fmt: skip
    Email(EmailSettings(**settings(**place, **changes))).send(message)
    return server.wait_for(1)[0].raw


def test_signature_is_good_after_the_way_through_a_mail_server(smtp_server):
    raw = sent(smtp_server)
    assert dkim.verify(raw, dnsfunc=dns)
    assert raw.startswith(b"DKIM-Signature:")


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"hong@customer.example", b"kang@customer.example", 1),
        lambda raw: b"From: evil@evil.example\r\n" + raw,
        lambda raw: b"Subject: other\r\n" + raw,
        lambda raw: raw + b"more\r\n",
    ],
)
def test_whatever_is_changed_or_added_breaks_the_signature(smtp_server, change):
    assert not dkim.verify(change(sent(smtp_server)), dnsfunc=dns)


def test_account_without_a_key_signs_nothing(smtp_server):
    assert b"DKIM-Signature" not in sent(smtp_server, dkim_domain="")


@pytest.mark.parametrize(
    "change",
    [
        {"dkim_private_key": ""},
        {"dkim_private_key": "no key"},
        {"dkim_private_key": pem(ec.generate_private_key(ec.SECP256R1()))},
        {"dkim_selector": ""},
        {"dkim_selector": "a b"},
        {"dkim_domain": "desk example"},
    ],
)
def test_settings_that_cannot_sign_are_refused(change):
    with pytest.raises(ValidationError, match="dkim_"):
        EmailSettings(**settings(**change))
