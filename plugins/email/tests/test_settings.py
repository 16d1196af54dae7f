"""What an account may be set to."""

import pytest
from helpdesk_email.settings import EmailSettings
from pydantic import ValidationError


@pytest.mark.parametrize("protocol", ["imap", "smtp"])
def test_plain_text_is_refused_beyond_this_machine(protocol):
    wanted = {"address": "a@b.example", f"{protocol}_host": "mail.b.example", f"{protocol}_security": "none"}
    with pytest.raises(ValidationError, match="allow_plaintext"):
        EmailSettings(**wanted)
    assert EmailSettings(**wanted, allow_plaintext=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", ""])
def test_plain_text_is_allowed_on_this_machine(host):
    assert EmailSettings(address="a@b.example", imap_host=host, imap_security="none").imap_host == host


@pytest.mark.parametrize(
    "address", ["", "a", "a@", "A <a@b.example>", "a@b.example\r\nBcc: x@y.example", "홍@b.example"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValidationError, match="no mail address"):
        EmailSettings(address=address)


@pytest.mark.parametrize("target", ["", "INBOX"])
def test_moving_needs_another_folder(target):
    with pytest.raises(ValidationError, match="imap_move_to"):
        EmailSettings(address="a@b.example", imap_after="move", imap_move_to=target)


def test_passwords_do_not_show():
    assert "s3cret" not in repr(EmailSettings(address="a@b.example", imap_password="s3cret", smtp_password="s3cret"))


def test_every_field_says_what_it_is_for():
    assert all(field.description for field in EmailSettings.model_fields.values())
