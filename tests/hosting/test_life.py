"""Plugins are taken in and let go of, and hear of what happens meanwhile."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import peewee
import pytest
from pydantic import SecretStr

from helpdesk import signals
from helpdesk.hosting import life
from helpdesk.kernel import db, events
from helpdesk.kernel.paging import Window
from helpdesk.plugins import figures, queries, registry
from helpdesk.plugins import operations as switching
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.rules import PluginState
from helpdesk.sdk.events import MessageAdded, TicketCreated, TicketTagged
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import Plugin, PluginSettings, periodic, receiver, subscriber
from helpdesk.sdk.tables import Table
from helpdesk.tickets import tagging
from helpdesk.tickets.models import Ticket
from tests.factories import tickets
from tests.factories.desk import Desk, make_desk
from tests.hosting.plugins import NAME, Hands, install, remove

seen: list[Any] = []
REF = Ref(Kind.PLUGIN, NAME)


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    """Begin anew."""
    seen.clear()


class Greeter(Hands):
    """Notes on every new ticket, and tells what it heard."""

    @receiver(TicketCreated)
    def greet(self, host: Host, event: TicketCreated) -> None:
        host.add_note(event.ticket_id, "Say hello first.")
        seen.append((host.service.slug, event.number, threading.current_thread() is threading.main_thread()))


class Reader(Hands):
    """Is fed tickets and tags."""

    @subscriber(TicketCreated, TicketTagged)
    def read(self, host: Host, event: TicketCreated | TicketTagged) -> None:
        seen.append(event)


def make(desk: Desk) -> int:
    """Make a ticket and wait until everybody was told."""
    ticket_id = tickets.make(desk)
    assert signals.flush()
    return ticket_id


def state() -> tuple[PluginState, str]:
    """Return what became of the plugin, and why."""
    plugin = registry.find(*REF)
    assert plugin is not None
    return plugin.state, plugin.reason


def test_receiver_hears_of_a_change_and_acts_as_the_plugin(desk: Desk) -> None:
    install(Greeter, is_connected=True)
    ticket_id = make(desk)
    assert seen == [("demo", 1, False)]
    note = tickets.messages(ticket_id)[-1]
    assert (note.kind, note.author_name, note.body_text) == ("NOTE", "Hands", "Say hello first.")


def test_applying_again_connects_nothing_twice(desk: Desk) -> None:
    install(Greeter, is_connected=True)
    life.apply()
    make(desk)
    assert len(seen) == 1


def test_plugin_that_is_gone_hears_nothing_more(desk: Desk) -> None:
    install(Greeter, is_connected=True)
    remove()
    make(desk)
    assert (seen, life.connected()) == ([], ())


def test_receiver_is_called_only_where_the_plugin_is_on(desk: Desk) -> None:
    other = make_desk(desk.settings, slug="other")
    install(Greeter, is_connected=True)
    switching.switch(other.administrator, REF, is_on=False)
    make(other)
    make(desk)
    assert [service for service, _, _ in seen] == ["demo"]


def test_failing_receiver_hurts_nobody(desk: Desk) -> None:
    class Failing(Hands):
        @receiver(TicketCreated)
        def fail(self, host: Host, event: TicketCreated) -> None:
            raise SystemExit(3)

    install(Failing, is_connected=True)
    install(Greeter, "greeter", is_connected=True)
    make(desk)
    assert len(seen) == 1
    (failing,) = [one for one in signals.owned() if one.owner == REF]
    assert failing.errors == 1


class Talkative(Hands):
    """Says its secret in its last words, and much else."""

    class Settings(PluginSettings):
        token: SecretStr = SecretStr("very-secret-token")

    @receiver(TicketCreated)
    def talk(self, host: Host, event: TicketCreated) -> None:
        raise ValueError(f"{host.settings.token.get_secret_value()} {'x' * 2000}")


def test_failing_receiver_stands_in_the_plugins_log_by_its_hook_and_without_secrets(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    install(Talkative, is_connected=True)
    for _ in range(5):
        make(desk)
    figures.write()
    lines = queries.log_of(REF, Window(first=10)).rows
    assert [(line.level, line.hook) for line in lines] == [("error", "talk")] * 5
    (trouble,) = queries.troubles()[REF]
    for words in (lines[0].message, trouble.reason):
        assert words.startswith("ValueError: *** xxx")
        assert len(words) <= 500
    assert "very-secret-token" not in caplog.text
    assert "in talk" in caplog.text


def test_subscriber_is_fed_the_events_it_asked_for_from_then_on(desk: Desk) -> None:
    make(desk)
    events.feed_all()
    install(Reader, is_connected=True)
    events.feed_all()
    ticket_id = make(desk)
    host_tags = ("a", "b")
    tagging.tag(desk.agent, ticket_id, host_tags)
    events.feed_all()
    assert [type(event) for event in seen] == [TicketCreated, TicketTagged]
    assert seen[1] == TicketTagged(service_id=desk.service_id, ticket_id=ticket_id, tags=host_tags)


def test_subscriber_that_raises_is_given_the_same_event_again(desk: Desk) -> None:
    class Failing(Hands):
        @subscriber(TicketCreated)
        def read(self, host: Host, event: TicketCreated) -> None:
            seen.append(event.number)
            if len(seen) == 1:
                raise RuntimeError("not yet")

    install(Failing, is_connected=True)
    events.feed_all()
    make(desk)
    make(desk)
    events.feed_all(retry_seconds=0)
    events.SubscriberRow.update(due_at=0).execute()
    events.feed_all()
    assert seen == [1, 1, 2]


def test_subscriber_that_was_off_is_fed_what_it_missed(desk: Desk) -> None:
    install(Reader, is_connected=True)
    events.feed_all()
    remove()
    make(desk)
    events.feed_all()
    install(Reader, is_connected=True)
    events.feed_all()
    assert [event.number for event in seen] == [1]


def test_plugin_without_its_settings_hears_nothing_until_it_has_them(desk: Desk) -> None:
    class Needy(Greeter):
        class Settings(PluginSettings):
            word: str

    registry.register(Kind.PLUGIN, NAME, Needy)
    life.apply()
    assert life.connected() == ()
    registry.on_change(life.apply)
    switching.configure(desk.administrator, REF, {"word": "hi"}, everywhere=True)
    assert life.connected() == (NAME,)
    make(desk)
    assert len(seen) == 1


def test_changed_settings_make_the_plugin_anew(desk: Desk) -> None:
    class Wordy(Hands):
        class Settings(PluginSettings):
            word: str = "old"

        @receiver(TicketCreated)
        def say(self, host: Host, event: TicketCreated) -> None:
            seen.append((self.settings.word, host.settings.word))

    registry.on_change(life.apply)
    install(Wordy, is_connected=True)
    make(desk)
    switching.configure(desk.administrator, REF, {"word": "new"}, everywhere=True)
    make(desk)
    assert seen == [("old", "old"), ("new", "new")]


def test_switching_off_and_on_takes_effect_at_once(desk: Desk) -> None:
    registry.on_change(life.apply)
    install(Greeter, is_connected=True)
    switching.switch(desk.administrator, REF, is_on=False, everywhere=True)
    make(desk)
    assert (seen, life.connected()) == ([], ())
    switching.switch(desk.administrator, REF, is_on=True, everywhere=True)
    make(desk)
    assert len(seen) == 1


MIGRATION = """
def up(migrator, db):
    db.execute_sql('CREATE TABLE p_hands_visit (id INTEGER PRIMARY KEY, page TEXT NOT NULL)')
    {more}


def down(migrator, db):
    db.execute_sql('DROP TABLE p_hands_visit')
"""


class Visit(Table):
    """A table of the plugin's own."""

    id = peewee.AutoField()
    page = peewee.TextField()

    class Meta:
        table_name = "p_hands_visit"


def keeping(tmp_path: Path, more: str = "") -> type[Plugin]:
    """Return a plugin with a table, made by a migration."""
    (tmp_path / "0001_first.py").write_text(MIGRATION.format(more=more))

    class Keeping(Hands):
        tables: ClassVar[tuple[type[Table], ...]] = (Visit,)
        migrations: ClassVar[Path] = tmp_path

        @receiver(TicketCreated)
        def keep(self, host: Host, event: TicketCreated) -> None:
            Visit.insert(id=event.number, page="/new").execute()
            seen.append(Visit.select().count())

    return Keeping


def test_plugin_keeps_what_it_hears_in_a_table_of_its_own(desk: Desk, tmp_path: Path) -> None:
    install(keeping(tmp_path), is_connected=True)
    make(desk)
    make(desk)
    assert seen == [1, 2]


@pytest.mark.parametrize(
    "more",
    [
        "raise ValueError('half way')",
        "raise SystemExit(1)",
        "db.execute_sql('DELETE FROM ticket')",
        "db.execute_sql('CREATE TABLE elsewhere (id INTEGER)')",
        "db.execute_sql('CREATE TABLE p_hands_leaning (id INTEGER, ticket BIGINT REFERENCES ticket (id))')",
    ],
)
def test_failing_migration_leaves_nothing_and_quarantines(desk: Desk, tmp_path: Path, more: str) -> None:
    tickets.make(desk)
    install(keeping(tmp_path, more), is_connected=True)
    assert state()[0] is PluginState.QUARANTINED
    assert "migrations failed" in state()[1]
    assert not {"p_hands_visit", "p_hands_leaning", "elsewhere"} & set(db.database.get_tables())
    assert tickets.all_tickets(desk.service_id) == 1
    assert life.connected() == ()


def test_mended_migration_runs(desk: Desk, tmp_path: Path) -> None:
    install(keeping(tmp_path, "raise ValueError('half way')"), is_connected=True)
    install(keeping(tmp_path), is_connected=True)
    make(desk)
    assert (state()[0], seen) == (PluginState.ENABLED, [1])


def test_writing_to_a_core_table_is_refused(desk: Desk) -> None:
    class Trespassing(Hands):
        @receiver(TicketCreated)
        def trespass(self, host: Host, event: TicketCreated) -> None:
            db.database.execute_sql("UPDATE ticket SET subject = 'mine'")
            seen.append("did it")

    install(Trespassing, is_connected=True)
    ticket_id = make(desk)
    assert (seen, tickets.ticket(ticket_id).subject) == ([], "환불 요청")


def test_fault_of_one_plugin_keeps_no_other_from_being_connected(desk: Desk, tmp_path: Path) -> None:
    install(keeping(tmp_path, "raise ValueError('half way')"))
    install(Greeter, "greeter", is_connected=True)
    assert life.connected() == ("greeter",)


def broken(**facts: Any) -> type[Plugin]:
    """Return a plugin that declares something wrong."""
    return type("Broken", (Hands,), facts)


class Leaning(Table):
    """A table that leans on one of the core."""

    id = peewee.AutoField()
    ticket = peewee.ForeignKeyField(Ticket, backref="+")

    class Meta:
        table_name = "p_hands_leaning"


class Elsewhere(Table):
    """A table with another's name."""

    class Meta:
        table_name = "elsewhere"


def _method(_self: Plugin, _host: Host, _event: object) -> None:
    return None


def _tick(_self: Plugin, _host: Host) -> None:
    return None


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"rights": frozenset({"everything"})}, "'everything'"),
        ({"rights": "ticket.read"}, "frozenset"),
        ({"templates": Path("/nowhere")}, "templates"),
        ({"tables": (Leaning,), "migrations": Path(__file__).parent}, "foreign key"),
        ({"tables": (Elsewhere,), "migrations": Path(__file__).parent}, "p_hands_"),
        ({"tables": (Visit,)}, "no migrations"),
        ({"tables": (int,)}, "sdk.tables.Table"),
        ({"tables": None}, "cannot be read"),
        ({"rights": ([],)}, ""),
        ({"listen": receiver([])(_method)}, ""),  # type: ignore[arg-type]  # it is wrong
        ({"listen": receiver("nonsense")(_method)}, "must name events"),  # type: ignore[arg-type]  # it is wrong
        ({"tick": periodic(every_seconds=9)(_tick)}, "at least 10"),
        ({"keeps_personal_data": True}, "must implement erase and export"),
        ({"keeps_personal_data": True, "erase": lambda *_: None}, "must implement erase and export"),
    ],
)
def test_wrong_declaration_quarantines_with_a_sentence(desk: Desk, facts: Mapping[str, Any], word: str) -> None:
    install(broken(**facts), is_connected=True)
    assert state()[0] is PluginState.QUARANTINED
    assert word in state()[1]


def test_events_of_every_service_are_handed_to_no_plugin(desk: Desk) -> None:
    class Listening(Hands):
        @receiver(MessageAdded)
        def hear(self, host: Host, event: MessageAdded) -> None:
            seen.append(event)

    install(Listening, is_connected=True)
    signals.tell(MessageAdded(service_id=0, ticket_id=1, message_id=1, kind="NOTE", is_automatic=False))
    assert signals.flush()
    assert seen == []


def tables_of(folder: Path, name: str) -> type[Plugin]:
    """Return a plugin whose migration makes the one table of its name, written into the folder."""
    folder.mkdir()
    table = f"p_{name}_visit"
    (folder / "0001_visit.py").write_text(
        f"def up(migrator, db):\n    db.execute_sql('CREATE TABLE {table} (id INTEGER)')\n"
    )
    return type("Keeping", (Hands,), {"migrations": folder})


def states(*names: str) -> list[str]:
    """Return the states of the plugins."""
    found = [registry.find(Kind.PLUGIN, name) for name in names]
    return [one.state.value if one else "gone" for one in found]


def test_plugin_whose_tables_could_be_taken_for_anothers_is_refused(desk: Desk, tmp_path: Path) -> None:
    install(tables_of(tmp_path / "long", "hands_left"), "hands_left")
    install(tables_of(tmp_path / "other", "handsome"), "handsome")
    install(tables_of(tmp_path / "short", "hands"), is_connected=True)
    assert states("hands", "hands_left", "handsome") == ["enabled", "quarantined", "enabled"]
    found = registry.find(Kind.PLUGIN, "hands_left")
    assert found is not None
    assert "told apart from those of the plugin “hands”" in found.reason
    assert not db.database.table_exists("p_hands_left_visit")


def test_plugin_that_has_tables_stays_whoever_comes_later(desk: Desk, tmp_path: Path) -> None:
    install(tables_of(tmp_path / "long", "hands_left"), "hands_left", is_connected=True)
    install(Greeter, is_connected=True)
    assert states("hands", "hands_left") == ["quarantined", "enabled"]
    make(desk)
    assert seen == []


def test_tables_of_a_plugin_that_is_gone_are_nobody_elses(desk: Desk, tmp_path: Path) -> None:
    install(tables_of(tmp_path / "long", "hands_left"), "hands_left", is_connected=True)
    remove("hands_left")
    install(Greeter, is_connected=True)
    assert states("hands", "hands_left") == ["quarantined", "gone"]
