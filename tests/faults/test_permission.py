"""An account that logs in by OAuth, while its provider changes the tokens and takes the permission back."""

import signal
from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from helpdesk.channels import accounts, outbox, queries
from helpdesk.channels.models import ChannelAccount, Listening, Sending
from helpdesk.channels.safes import Safe
from helpdesk.kernel import http
from helpdesk.kernel.actors import system
from helpdesk.plugins import operations
from tests.factories.processes import eventually
from tests.faults.conftest import MakeVictim, Victim
from tests.faults.invariant import assert_holds, wait_until_calm
from tests.faults.loads import mail, queue_answers
from tests.faults.test_intake import marked
from tests.servers.dovecot import DovecotServer
from tests.servers.smtp import SmtpServer
from tests.servers.tokens import TokenServer

OPEN = {"HELPDESK_OUTGOING_ALLOW": '["127.0.0.0/8"]'}  # the provider of these tests is on this machine


@pytest.fixture(autouse=True)
def way_out() -> Iterator[None]:
    """Let this process reach the provider too."""
    yield
    http.use(http.OutgoingClient())


def connect(victim: Victim, tokens: TokenServer, dovecot: DovecotServer, server: SmtpServer) -> None:
    """Let the account log in to both servers by token."""
    imap = {"imap_host": dovecot.host, "imap_port": dovecot.port, "imap_security": "none"}
    login = {"address": tokens.user, "smtp_port": server.port}
    settings = imap | login | tokens.settings()
    accounts.update(victim.desk.administrator, victim.account_id, settings=settings)


def state(victim: Victim) -> str:
    """Return how the account stands."""
    return str(queries.states_of_accounts([row for row in queries.accounts_by_ids([victim.account_id]) if row])[0])


@pytest.mark.dovecot
@pytest.mark.parametrize("is_isolated", [False, True], ids=["in the desk", "isolated"])
def test_account_lives_on_changing_tokens_and_rests_when_the_permission_ends(
    victim_on: MakeVictim, dovecot: DovecotServer, token_server: TokenServer, is_isolated: bool
) -> None:
    victim = victim_on("sqlite")
    http.use(http.OutgoingClient([ip_network("127.0.0.0/8")]))
    operations.isolate(system(0), "email", is_isolated=is_isolated)
    token_server.rotates, token_server.holds_seconds = True, 0
    with SmtpServer(tokens=token_server) as server:
        connect(victim, token_server, dovecot, server)
        dovecot.append(token_server.user, mail(0))
        queue_answers(victim.desk, tickets_count=1, each=3)
        worker = victim.site.worker(OPEN)
        server.wait_for(3, seconds=30)
        eventually(lambda: marked(dovecot, token_server.user) == {1}, seconds=30, what="The fetching of the mail")
        wait_until_calm()
        eventually(lambda: state(victim) == "WORKING", seconds=20, what="A working account")
        assert Safe(victim.account_id).read("oauth_refresh_token") == token_server.refresh_token != "refresh-1"
        assert token_server.refresh_token not in str(ChannelAccount.get_by_id(victim.account_id).secrets)

        token_server.refresh_token = "taken back"  # of a test
        queue_answers(victim.desk, tickets_count=5, each=2)
        eventually(lambda: state(victim) == "RECONNECT", seconds=30, what="The state of an account to reconnect")
        worker.send(signal.SIGTERM)
        worker.wait()
        assert len(server.received) == 3

        outbox.drain(victim.settings)
        outbox.drain(victim.settings)
        granted = token_server.settings(oauth_refresh_token="taken back")
        accounts.update(victim.desk.administrator, victim.account_id, settings=granted)
        victim.site.worker(OPEN)
        server.wait_for(13, seconds=30)
        wait_until_calm()
        eventually(lambda: state(victim) == "WORKING", seconds=20, what="A working account")
        assert_holds(victim.settings, sink=server.received)


def test_ended_permission_is_asked_about_once_a_rest(victim_on: MakeVictim, token_server: TokenServer) -> None:
    victim = victim_on("sqlite")
    http.use(http.OutgoingClient([ip_network("127.0.0.0/8")]))
    victim.settings.__dict__["retry_seconds"] = 30.0
    token_server.refresh_token = "taken back"  # of a test
    settings = {"address": token_server.user, **token_server.settings()}
    accounts.update(victim.desk.administrator, victim.account_id, settings=settings)
    queue_answers(victim.desk, tickets_count=10, each=2)
    for _ in range(5):
        outbox.drain(victim.settings)
    assert len(token_server.asked) == 1
    (sending,) = Sending.select()
    assert "Reconnect the account" in sending.last_error
    assert Listening.select().count() == 0
