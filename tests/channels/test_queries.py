"""What is read of accounts, inbox and outbox: of one service, page by page, and never a secret."""

from collections.abc import Callable

from helpdesk.channels import accounts, queries
from helpdesk.channels.models import Listening
from helpdesk.channels.rules import DeliveryState, InboxState
from helpdesk.kernel.paging import Window
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import ChannelSettings
from tests.channels.post import Post, make_post
from tests.factories.desk import make_desk
from tests.factories.echo import Echo
from tests.factories.statements import counted


class Odd(Echo):
    """A channel with a setting that no JSON Schema describes."""

    class Settings(ChannelSettings):
        """What cannot be told."""

        thing: Callable[[], int] | None = None


def test_drivers_come_with_their_titles_and_the_schema_of_their_settings(post: Post) -> None:
    registry.register(Kind.CHANNEL, "odd", Odd)
    echo, odd = queries.drivers()
    assert (echo.code, echo.titles["ko"], list(echo.settings_schema["properties"])) == (
        "echo",
        "에코",
        ["url", "token"],
    )
    assert echo.settings_schema["properties"]["token"]["writeOnly"]
    assert (odd.code, odd.settings_schema) == ("odd", {"type": "object"})


def test_accounts_of_a_service_are_its_own_and_not_deleted(post: Post) -> None:
    other, deleted = make_post(make_desk(post.desk.settings, slug="other")), make_post(post.desk)
    accounts.delete(post.desk.administrator, deleted.account_id)
    assert [row.id for row in queries.accounts_of_service(post.desk.service_id)] == [post.account_id]
    rows = queries.accounts_by_ids([deleted.account_id, None, other.account_id])
    assert [row and row.deleted_at is None for row in rows] == [False, None, True]


def test_account_is_found_by_its_hook_while_it_is_on(post: Post) -> None:
    (account,) = queries.accounts_of_service(post.desk.service_id)
    assert queries.account_by_hook(post.desk.service_id, account.hook_token) == account
    assert queries.account_by_hook(post.desk.service_id + 1, account.hook_token) is None
    assert queries.account_by_hook(post.desk.service_id, "") is None
    accounts.update(post.desk.administrator, account.id, is_enabled=False)
    assert queries.account_by_hook(post.desk.service_id, account.hook_token) is None


def test_listening_comes_aligned_with_the_accounts(post: Post) -> None:
    Listening.insert(account=post.account_id, cursor={}, last_error="login refused").execute()
    silent, told = queries.listening_of_accounts([999, post.account_id])
    assert silent is None
    assert told is not None
    assert (told.last_error, told.last_alive_at) == ("login refused", None)


def test_inbox_and_outbox_are_paged_newest_first_by_state(post: Post) -> None:
    theirs = make_post(make_desk(post.desk.settings, slug="other"))
    theirs.ticket()
    ids = [post.put(id=f"m{place}") for place in range(3)]
    post.work()
    waiting, service_id = post.put(id="late"), post.desk.service_id
    first = queries.inbox_page(service_id, None, Window(first=2))
    assert ([row.id for row in first.rows], first.has_next) == ([waiting, ids[2]], True)
    done = queries.inbox_page(service_id, InboxState.PROCESSED, Window(first=9))
    assert [row.id for row in done.rows] == ids[::-1]
    assert (first.count(None), first.count(3), done.count(None)) == (4, 3, 3)
    assert queries.inbox_page(service_id, InboxState.QUARANTINED, Window()).count(None) == 0
    messages = [post.reply(row.ticket_id or 0) for row in done.rows]
    page = queries.deliveries_page(service_id, DeliveryState.QUEUED, Window(first=2))
    queued = page.rows
    assert [row.message_id for row in queued] == messages[:0:-1]
    assert page.count(None) == 3
    assert queries.deliveries_by_ids([queued[0].id, None, 999]) == [queued[0], None, None]


def test_deliveries_of_many_messages_take_one_statement(post: Post) -> None:
    messages = [post.reply(post.ticket(id=f"m{place}")) for place in range(5)]
    with counted() as sent:
        found = queries.deliveries_of_messages([999, *messages])
    assert len(sent) == 1
    assert [row and row.message_id for row in found] == [None, *messages]


def test_rows_are_counted_by_their_states(post: Post) -> None:
    post.reply(post.ticket())
    post.put(id="waiting")
    assert queries.states() == {
        "inbox": {"RECEIVED": 1, "RETRYING": 0, "PROCESSED": 1, "QUARANTINED": 0},
        "outbox": {"QUEUED": 1, "RETRYING": 0, "SENT": 0, "FAILED": 0},
    }


def test_oldest_waiting_is_since_when(post: Post) -> None:
    first, _second = post.put(id="a"), post.put(id="b")
    assert queries.oldest_waiting() == {"inbox": post.item(first).received_at, "outbox": None}
    post.work()
    assert queries.oldest_waiting()["inbox"] is None
