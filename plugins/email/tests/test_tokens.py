"""Logging in by OAuth: to a real Dovecot that asks the provider about each token, and to an SMTP server that does."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from helpdesk_email.channel import Email
from helpdesk_email.settings import EmailSettings
from pydantic import ValidationError

from helpdesk.kernel import http
from helpdesk.plugins.outgoing import Outgoing
from helpdesk.sdk.channel import AccountRefused, Identity, Outbound, Retry
from tests.servers.dovecot import DovecotServer
from tests.servers.smtp import SmtpServer
from tests.servers.tokens import TokenServer

MECHANISMS = ["xoauth2", "oauthbearer"]


class Vault:
    """What the desk keeps, in memory."""

    def __init__(self, **kept: str) -> None:
        self.kept = kept

    def read(self, name: str) -> str:
        return self.kept.get(name, "")

    def replace(self, name: str, old: str, new: str) -> bool:
        is_as_before = self.read(name) == old
        if is_as_before:
            self.kept[name] = new
        return is_as_before


@pytest.fixture(autouse=True)
def way_out() -> Iterator[None]:
    """Let the channel reach this machine, as an operator may."""
    http.use(http.OutgoingClient([ip_network("127.0.0.0/8")]))
    yield
    http.use(http.OutgoingClient())


@pytest.fixture
def smtp(token_server: TokenServer) -> Iterator[SmtpServer]:
    """Give a mail server that wants a token of the provider."""
    with SmtpServer(tokens=token_server) as server:
        yield server


def account(tokens: TokenServer, imap: DovecotServer, smtp: SmtpServer, **changes) -> Email:
    plain = {
        "imap_host": imap.host, "imap_port": imap.port, "imap_security": "none",
        "smtp_host": smtp.host, "smtp_port": smtp.port, "smtp_security": "none",
    }  # fmt: skip
    settings = EmailSettings(address=tokens.user, **(plain | tokens.settings() | changes))
    email = Email(settings)
    email.http = Outgoing()
    email.vault = Vault(oauth_refresh_token=settings.oauth_refresh_token.get_secret_value())
    return email


def outbound() -> Outbound:
    return Outbound("k1", 7, "문의", "답변", (Identity("email", "hong@customer.example"),))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_token_opens_the_mailbox_and_sends(dovecot, smtp, token_server, mechanism):
    email = account(token_server, dovecot, smtp, oauth_mechanism=mechanism)
    email.check()
    email.send(outbound())
    (received,) = smtp.wait_for(1)
    assert received.user == token_server.user
    assert [form["grant_type"] for form in token_server.asked] == ["refresh_token"]


def test_program_gets_tokens_of_its_own(dovecot, smtp, token_server):
    own = {
        "oauth_grant": "client_credentials",
        "oauth_refresh_token": "",
        "oauth_scope": "https://mail.example/.default",
    }
    account(token_server, dovecot, smtp, **own).check()
    (form,) = token_server.asked
    assert (form["grant_type"], form["scope"]) == ("client_credentials", "https://mail.example/.default")


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_token_that_was_taken_back_early_is_renewed_within_the_call(dovecot, smtp, token_server, mechanism):
    email = account(token_server, dovecot, smtp, oauth_mechanism=mechanism)
    email.check()
    token_server.take_back()
    email.check()
    token_server.take_back()
    email.send(outbound())
    assert len(token_server.asked) == 3


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_token_that_is_believed_by_no_mail_server_is_a_refusal_of_the_account(dovecot, smtp, token_server, mechanism):
    email = account(token_server, dovecot, smtp, oauth_mechanism=mechanism)
    token_server.is_good = lambda _token: False
    with pytest.raises(AccountRefused, match=r"The SMTP server .* doesn't accept this login") as refused:
        email.send(outbound())
    assert not refused.value.must_reconnect
    assert len(token_server.asked) == 2
    with pytest.raises(AccountRefused, match=r"The IMAP server .* doesn't accept this login"):
        email.listen(None)


def test_token_is_asked_for_again_before_its_end(dovecot, smtp, token_server):
    token_server.holds_seconds = 30
    email = account(token_server, dovecot, smtp)
    email.send(outbound())
    email.send(outbound())
    assert len(token_server.asked) == 2


def test_refresh_token_that_changes_is_handed_to_the_desk_each_time(dovecot, smtp, token_server):
    token_server.rotates, token_server.holds_seconds = True, 30
    email = account(token_server, dovecot, smtp)
    for _ in range(3):
        email.send(outbound())
        assert email.vault.kept["oauth_refresh_token"] == token_server.refresh_token
    assert len({form["refresh_token"] for form in token_server.asked}) == 3


def test_refresh_token_that_another_worker_got_is_used(dovecot, smtp, token_server):
    email = account(token_server, dovecot, smtp)

    def get_there_first(_name: str) -> str:
        old, email.vault.read = "refresh-1", Vault(oauth_refresh_token="refresh-2").read
        return old

    email.vault.read, token_server.refresh_token = get_there_first, "refresh-2"
    email.send(outbound())
    assert [form["refresh_token"] for form in token_server.asked] == ["refresh-1", "refresh-2"]


def test_permission_that_was_taken_back_wants_a_person(dovecot, smtp, token_server):
    token_server.refresh_token = "another"
    email = account(token_server, dovecot, smtp)
    with pytest.raises(AccountRefused, match=r"invalid_grant: The token was revoked\.\)\. Reconnect the account") as no:
        email.send(outbound())
    assert no.value.must_reconnect
    assert "refresh-1" not in str(no.value)
    with pytest.raises(AccountRefused):
        email.listen(None)


def test_wrong_client_says_which_settings_to_correct(dovecot, smtp, token_server):
    with pytest.raises(AccountRefused, match=r"grants no token \(invalid_client\)\. Correct the settings") as refused:
        account(token_server, dovecot, smtp, oauth_client_secret="wrong").send(outbound())
    assert not refused.value.must_reconnect


@pytest.mark.parametrize("status", [429, 500, 503])
def test_token_server_in_trouble_is_asked_again_later(dovecot, smtp, token_server, status):
    token_server.refusal = (status, {})
    with pytest.raises(Retry, match="no token now") as later:
        account(token_server, dovecot, smtp).send(outbound())
    assert not isinstance(later.value, AccountRefused)


def test_token_server_whose_name_cannot_be_looked_up_now_is_asked_again_later(dovecot, smtp, token_server):
    email = account(token_server, dovecot, smtp, oauth_url="https://login.invalid/token")
    with pytest.raises(Retry, match=r"login\.invalid' is not known"):
        email.send(outbound())


@pytest.mark.parametrize("told", [{}, {"access_token": ""}, {"access_token": 7}, {"access_token": "a\r\nb"}, []])
def test_answer_without_a_token_is_asked_for_again_later(dovecot, smtp, token_server, told):
    token_server.refusal = (200, told)
    with pytest.raises(Retry, match="without a token"):
        account(token_server, dovecot, smtp).send(outbound())


def test_server_with_a_password_is_logged_in_to_by_that(dovecot, token_server):
    with SmtpServer(users={"desk": "s3cret"}) as server:
        login = {"smtp_username": "desk", "smtp_password": "s3cret", "imap_password": dovecot.password}
        email = account(token_server, dovecot, server, **login)
        email.check()
        email.send(outbound())
        assert server.wait_for(1)[0].user == "desk"
    assert token_server.asked == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"oauth_url": "http://login.example/token"}, "https://"),
        ({"oauth_url": "login.example"}, "https://"),
        ({"oauth_client_id": ""}, "oauth_client_id is needed"),
        ({"oauth_refresh_token": ""}, "oauth_refresh_token is needed"),
        ({"oauth_grant": "client_credentials", "oauth_client_secret": ""}, "oauth_client_secret is needed"),
    ],
)
def test_settings_that_can_get_no_token_are_refused(token_server, change, words):
    with pytest.raises(ValidationError, match=words):
        EmailSettings(address="a@desk.example", **(token_server.settings() | change))
