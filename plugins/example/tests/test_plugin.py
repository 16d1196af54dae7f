"""The example of a whole plugin, on a table in memory and a host of a few lines."""

import tomllib
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import peewee
import pytest
from helpdesk_example.plugin import HERE, Average, InstallationSettings, Rating, Satisfaction, ServiceSettings
from playhouse.migrations import Runner

from helpdesk.sdk.events import TicketStatusChanged
from helpdesk.sdk.plugin import HookKind, Refused, hooks_of
from helpdesk.sdk.slots import SlotPage
from helpdesk.sdk.web import Unverified, WebRequest

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


class SmallHost:
    """Knows one ticket, and notes what it is asked to do."""

    def __init__(self, ticket):
        self.service = SimpleNamespace(id=1, slug="demo")
        self.service_settings = ServiceSettings(is_asking=True)
        self.known, self.done, self.at = ticket, [], NOW

    def now(self):
        return self.at

    def address(self, path=""):
        return f"https://help.example/{self.service.slug}/{path}"

    def signing_key(self, purpose):
        return purpose.encode() * 8

    def translate(self, key, *, language=None, **values):
        return f"{language}:{key}:{values}"

    def ticket(self, ticket_id):
        return self.known if ticket_id == self.known.id else None

    ticket_by_number = ticket

    def __getattr__(self, name):
        return lambda *given, **named: self.done.append((name, *given, named))


@pytest.fixture
def host(ticket):
    """Give a host."""
    return SmallHost(ticket)


@pytest.fixture
def runner():
    """Give what runs the plugin's migrations, on a database in memory."""
    database = peewee.SqliteDatabase(":memory:")
    with database, Rating.bind_ctx(database):
        yield Runner(database, str(Satisfaction.migrations), table_name="history")


@pytest.fixture
def plugin(runner):
    """Give the plugin, with its table."""
    runner.up()
    return Satisfaction(InstallationSettings(survey_token="s3cret"))


def changed(before, after):
    """Return the event of a change."""
    return TicketStatusChanged(service_id=1, ticket_id=7, before=before, after=after)


def link(plugin, host):
    """Return the path and the query of the link that the customer is sent."""
    plugin.ask(host, {"ticket": 7})
    ((_, _, text, _),) = host.done
    where = text.partition("https://help.example/demo/p/example/")[2].rstrip("'}")
    path, _, query = where.partition("?")
    return path, dict(pair.split("=") for pair in query.split("&"))


def test_migration_goes_up_and_down_and_makes_the_table_of_the_model(runner):
    runner.up()
    table = Rating._meta.database
    assert {one.name for one in table.get_columns("p_example_rating")} == set(Rating._meta.fields)
    runner.down()
    assert "p_example_rating" not in table.get_tables()


def test_reopened_ticket_is_tagged(plugin, host):
    plugin.tag_reopened(host, changed("NEW", "OPEN"))
    plugin.tag_reopened(host, changed("RESOLVED", "OPEN"))
    assert host.done == [("tag", 7, "reopened", {})]


def test_customer_of_a_resolved_ticket_is_asked_later_and_once(plugin, host):
    plugin.plan(host, changed("OPEN", "RESOLVED"))
    assert host.done == [("enqueue", "ask", {"ticket": 7}, {"key": "ask:7", "delay_seconds": 3600})]


def test_nobody_is_asked_in_a_service_that_does_not_want_it(plugin, host):
    host.service_settings = ServiceSettings()
    plugin.plan(host, changed("OPEN", "RESOLVED"))
    assert host.done == []


def test_link_leads_to_a_form_whose_answer_is_kept(plugin, host):
    path, query = link(plugin, host)
    form = plugin.rate(host, WebRequest("GET", path, query=query))
    assert (form.status, form.body.count("<button"), Rating.select().count()) == (200, 5, 0)
    for score in ("2", "4"):
        assert plugin.rate(host, WebRequest("POST", path, f"score={score}".encode(), query=query)).status == 200
    assert plugin.rating(host, [host.known]) == [4]
    plugin.ask(host, {"ticket": 7})  # rated: nobody asks again
    assert len(host.done) == 1


@pytest.mark.parametrize("query", [{}, {"ticket": "7"}, {"ticket": "7", "key": "홍"}, {"ticket": "x", "key": "a"}])
def test_link_that_is_not_signed_shows_nothing(plugin, host, query):
    assert plugin.rate(host, WebRequest("POST", "rate", b"score=5", query=query)).status == 404
    assert Rating.select().count() == 0


@pytest.mark.parametrize("body", [b"score=6", b"score=", b"\xff", b""])
def test_score_that_is_none_shows_the_form_again(plugin, host, body):
    path, query = link(plugin, host)
    assert "<form" in plugin.rate(host, WebRequest("POST", path, body, query=query)).body
    assert Rating.select().count() == 0


def test_survey_tool_brings_scores(plugin, host):
    plugin.survey(host, WebRequest("POST", "survey", b'{"ticket": 7, "score": 5}'))
    plugin.survey(host, WebRequest("POST", "survey", b'{"ticket": 8, "score": 5}'))
    assert plugin.average(host) == Average(1, 5.0)
    for body in (b"", b"[]", b'{"ticket": 7, "score": 6}'):
        with pytest.raises(Refused):
            plugin.survey(host, WebRequest("POST", "survey", body))


@pytest.mark.parametrize("token", ["", "guess", "홍"])
def test_who_is_not_the_survey_tool_is_turned_away(plugin, host, token):
    plugin.prove(host, WebRequest("POST", "survey", headers={"x-token": "s3cret"}))
    with pytest.raises(Unverified):
        plugin.prove(host, WebRequest("POST", "survey", headers={"x-token": token}))
    with pytest.raises(Unverified):
        Satisfaction(InstallationSettings()).prove(host, WebRequest("POST", "survey", headers={"x-token": token}))


def test_average_is_shown_once_there_is_one(plugin, host):
    assert plugin.show(host, SlotPage("home", "ko")) is None
    plugin.survey(host, WebRequest("POST", "survey", b'{"ticket": 7, "score": 5}'))
    shown = plugin.show(host, SlotPage("home", "ko"))
    assert "5.0" in shown.values["words"]
    assert "{{ words }}" in (Satisfaction.templates / shown.template).read_text()


def test_old_ratings_are_forgotten(plugin, host):
    plugin.survey(host, WebRequest("POST", "survey", b'{"ticket": 7, "score": 5}'))
    plugin.forget_old(host)
    assert Rating.select().count() == 1
    host.at += timedelta(days=366)
    plugin.forget_old(host)
    assert Rating.select().count() == 0


def test_customer_can_take_it_along_and_be_forgotten(plugin, host):
    plugin.survey(host, WebRequest("POST", "survey", b'{"ticket": 7, "score": 5}'))
    customer = SimpleNamespace(id=3)
    assert plugin.export(host, customer) == {"ratings": [{"ticket": 7, "score": 5}]}
    plugin.erase(host, customer)
    assert plugin.export(host, customer) == {"ratings": []}


def test_it_brings_one_of_everything():
    kinds = {hook.kind for hook in hooks_of(Satisfaction)}
    assert kinds == set(HookKind) - {HookKind.MUTATION}


def test_both_languages_have_the_same_texts():
    korean, english = (tomllib.loads((HERE / f"locales/{one}.toml").read_text("utf-8")) for one in ("ko", "en"))
    assert korean.keys() == english.keys()
