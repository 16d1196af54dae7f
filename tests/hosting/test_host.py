"""What a plugin's hands can do, and what they are denied."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from helpdesk.agents.queries import agents_of_service
from helpdesk.hosting import addresses, calls
from helpdesk.kernel import actors
from helpdesk.kernel.actors import ActorKind
from helpdesk.kernel.paging import Window
from helpdesk.organization import features
from helpdesk.plugins import queries as plugins
from helpdesk.sdk.channel import File, Identity
from helpdesk.sdk.errors import Denied
from helpdesk.sdk.host import Host
from helpdesk.sdk.settings import PluginSettings
from helpdesk.tickets import queries
from tests.factories import tickets
from tests.factories.desk import Desk, make_desk
from tests.hosting.plugins import Hands, host, install

MINA = Identity("email", "mina@shop.example", "Mina")


def test_plugin_reads_tickets_messages_and_customers(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    hands = host(desk)
    hands.tag(ticket_id, "late")
    told = hands.ticket(ticket_id)
    assert told is not None
    assert (told.number, told.status, told.priority, told.tags) == (1, "NEW", "NORMAL", ("late",))
    assert hands.ticket_by_number(1) == told
    (message,) = hands.messages(ticket_id).items
    assert (message.kind, message.author_kind, message.text) == ("INQUIRY", "customer", "환불해 주세요")
    assert told.customer_id is not None
    customer = hands.customer(told.customer_id)
    assert customer is not None
    assert customer == hands.find_customer(Identity("email", "MINA@shop.example"))
    assert customer.name == "Mina"


def test_lists_come_in_pages_and_by_condition(desk: Desk) -> None:
    for place in range(3):
        tickets.make(desk, subject=f"No. {place}")
    hands = host(desk)
    first = hands.tickets(first=2)
    assert [one.subject for one in first.items] == ["No. 2", "No. 1"]
    last = hands.tickets(first=2, after=first.cursor)
    assert ([one.subject for one in last.items], last.cursor) == (["No. 0"], None)
    assert hands.tickets(where={"field": "subject", "op": "is", "value": "No. 1"}).items[0].number == 2
    assert [one.number for one in hands.tickets(search="No. 0").items] == [1]


def test_ticket_made_by_a_plugin_has_its_customer_and_files(desk: Desk) -> None:
    made = host(desk).create_ticket(
        "Parcel", "Where is it?", customer=MINA, language="en", files=[File("a.txt", "text/plain", b"hi")]
    )
    assert (made.channel, made.language, made.status) == ("hands", "en", "NEW")
    assert made.customer_id is not None
    (message,) = tickets.messages(made.id)
    (file,) = queries.attachments_of_messages([message.id])[0]
    assert (file.filename, file.size) == ("a.txt", 2)


def test_same_key_makes_one_ticket_and_is_each_plugins_own(desk: Desk) -> None:
    hands = host(desk)
    assert hands.create_ticket("a", "b", key="k").id == hands.create_ticket("a", "b", key="k").id
    install(Hands, "others")
    others = host(desk).create_ticket("a", "b", key="k")
    assert others.number == 1
    assert tickets.all_tickets(desk.service_id) == 1


def test_answer_and_note_stand_under_the_plugins_title(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    hands = host(desk)
    answered = hands.reply(ticket_id, "Done", html="<p>Done<script>x</script></p>", key="r")
    assert hands.reply(ticket_id, "Done", html="<p>Done<script>x</script></p>", key="r") == answered
    assert (answered.kind, answered.author_kind, answered.author_name) == ("REPLY", "plugin", "Hands")
    assert answered.html == "<p>Done</p>"
    noted = hands.add_note(ticket_id, "Look")
    assert (noted.kind, noted.text) == ("NOTE", "Look")
    line = tickets.history(ticket_id)[-1]
    assert (line.actor_kind, line.actor_name, line.actor_id) == (ActorKind.PLUGIN, "Hands", None)


def test_answer_is_a_machine_s_unless_somebody_has_the_plugin_answer(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    assert host(desk).reply(ticket_id, "By itself").is_automatic
    assert tickets.ticket(ticket_id).status == "NEW"
    assert not host(desk, actor=desk.agent).reply(ticket_id, "By a button").is_automatic
    assert tickets.ticket(ticket_id).status == "OPEN"


def test_plugin_assigns_tags_and_moves(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    hands = host(desk)
    agent = agents_of_service(desk.service_id)[1]
    assert hands.assign(ticket_id, agent_id=agent.id).agent_id == agent.id
    assert [(one.name, one.open_tickets) for one in hands.agents()] == [("admin", 0), ("agent", 1)]
    assert hands.tag(ticket_id, "b", "a").tags == ("a", "b")
    assert hands.untag(ticket_id, "b").tags == ("a",)
    assert hands.set_status(ticket_id, "RESOLVED").status == "RESOLVED"


def test_plugin_keeps_what_it_knows_an_agent_by(desk: Desk) -> None:
    agent = agents_of_service(desk.service_id)[1]
    host(desk).set_agent_attributes(agent.id, {"user key": "u-7"})
    assert agents_of_service(desk.service_id)[1].attributes == {"hands": {"user key": "u-7"}}


REFUSED: list[tuple[str, Callable[[Host], Any]]] = [
    ("NOT_FOUND", lambda hands: hands.add_note(99, "x")),
    ("NOT_FOUND", lambda hands: hands.messages(99)),
    ("NOT_FOUND", lambda hands: hands.set_agent_attributes(99, {})),
    ("INVALID", lambda hands: hands.set_agent_attributes(1, {"key": "x" * 501})),
    ("INVALID", lambda hands: hands.create_ticket("", "x")),
    ("INVALID", lambda hands: hands.create_ticket("x", "x", language="fr")),
    ("INVALID", lambda hands: hands.create_ticket("x", "x", channel="not a word")),
    ("INVALID", lambda hands: hands.tickets(where={"field": "nonsense", "op": "is", "value": 1})),
    ("INVALID", lambda hands: hands.tickets(first=101)),
    ("INVALID", lambda hands: hands.set_status(1, "GONE")),
    ("INVALID", lambda hands: hands.enqueue("nothing")),
    ("INVALID", lambda hands: hands.unseal("rubbish")),
    ("CONFLICT", lambda hands: hands.set_status(1, "COMPLETED")),
]


@pytest.mark.parametrize(("code", "ask"), REFUSED)
def test_what_cannot_be_done_is_denied_with_a_code(desk: Desk, code: str, ask: Callable[[Host], Any]) -> None:
    class Everything(Hands):
        rights = Hands.rights | {"ticket.complete"}

    tickets.make(desk)
    with pytest.raises(Denied) as refusal:
        ask(host(desk, Everything))
    assert refusal.value.code == code
    assert str(refusal.value)


ASKED: list[Callable[[Host], Any]] = [
    lambda hands: hands.ticket(1),
    lambda hands: hands.ticket_by_number(1),
    lambda hands: hands.tickets(),
    lambda hands: hands.messages(1),
    lambda hands: hands.agents(),
    lambda hands: hands.customer(1),
    lambda hands: hands.find_customer(MINA),
    lambda hands: hands.create_ticket("a", "b"),
    lambda hands: hands.reply(1, "a"),
    lambda hands: hands.add_note(1, "a"),
    lambda hands: hands.tag(1, "a"),
    lambda hands: hands.untag(1, "a"),
    lambda hands: hands.assign(1),
    lambda hands: hands.set_status(1, "OPEN"),
    lambda hands: hands.set_agent_attributes(1, {"key": "x"}),
]


@pytest.mark.parametrize("ask", ASKED)
def test_plugin_without_the_right_is_denied(desk: Desk, ask: Callable[[Host], Any]) -> None:
    class Nothing(Hands):
        rights = frozenset()

    with pytest.raises(Denied) as refusal:
        ask(host(desk, Nothing))
    assert refusal.value.code == "FORBIDDEN"


def test_another_services_things_are_not_there(desk: Desk) -> None:
    other = make_desk(desk.settings, slug="other")
    foreign = tickets.make(other)
    customer_id = tickets.ticket(foreign).customer_id
    assert customer_id is not None
    hands = host(desk)
    assert (hands.ticket(foreign), hands.customer(customer_id)) == (None, None)
    with pytest.raises(Denied):
        hands.tag(foreign, "mine")


def test_sealed_secret_opens_for_its_plugin_and_service_alone(desk: Desk) -> None:
    hands = host(desk)
    sealed = hands.seal("비밀")
    assert "비밀" not in sealed
    assert hands.unseal(sealed) == "비밀"
    install(Hands, "others")
    other = make_desk(desk.settings, slug="other")
    for stranger in (host(other), _host_of("others", desk)):
        with pytest.raises(Denied):
            stranger.unseal(sealed)
        assert stranger.signing_key("links") != hands.signing_key("links")
    assert hands.signing_key("links") == host(desk).signing_key("links") != hands.signing_key("other")


def _host_of(name: str, desk: Desk) -> Host:
    return calls.host_for(name, desk.service_id)


def test_texts_come_in_the_language_the_default_one_or_english(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text('hello = "Hello {name}"\nonly = "English"\n')
    (tmp_path / "ko.toml").write_text('hello = "{name} 님, 안녕하세요"\n')

    class Speaking(Hands):
        locales: ClassVar[Path] = tmp_path

    hands = host(desk, Speaking)
    assert hands.translate("hello", name="Mina") == "Mina 님, 안녕하세요"
    assert hands.translate("hello", language="en", name="Mina") == "Hello Mina"
    assert hands.translate("only") == "English"


def test_plugin_without_texts_is_given_the_key(desk: Desk) -> None:
    assert host(desk).translate("a.key") == "a.key"


def test_log_line_tells_plugin_and_hook(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        host(desk, hook="greet").log("called", times=3)
    (line,) = [record for record in caplog.records if record.message == "plugin log"]
    assert (line.__dict__["plugin"], line.__dict__["hook"], line.__dict__["line"]) == (
        "hands",
        "greet",
        "called times=3",
    )


def test_log_line_is_kept_without_the_plugins_secrets(desk: Desk) -> None:
    class Secretive(Hands):
        class Settings(PluginSettings):
            token: SecretStr = SecretStr("open-sesame")

    host(desk, Secretive, hook="greet").log("sent open-sesame", to="mina@shop.example")
    (line,) = plugins.log_of(calls.ref_of("hands"), Window(), service_ids=[desk.service_id]).rows
    assert (line.level, line.hook) == ("info", "greet")
    assert "sent ***" in line.message
    assert "mina" not in line.message


def test_address_is_that_of_the_settings_and_the_service(desk: Desk) -> None:
    hands = host(desk)
    addresses.use(desk.settings.model_copy(update={"base_url": "https://help.example/desk/"}))
    try:
        assert hands.address("p/hands/pay?order=7") == "https://help.example/desk/demo/p/hands/pay?order=7"
        assert (hands.address("/hc/ko"), hands.address()) == (
            "https://help.example/desk/demo/hc/ko",
            "https://help.example/desk/demo",
        )
    finally:
        addresses.use(desk.settings)


def test_plugin_asks_what_the_service_has(desk: Desk) -> None:
    assert host(desk).has_feature("chat")
    features.set_feature(actors.system(desk.service_id), desk.service_id, "chat", False)
    assert not host(desk).has_feature("chat")
    assert host(desk).has_feature("helpdoc")
    with pytest.raises(Denied, match="no feature “chess”") as denied:
        host(desk).has_feature("chess")
    assert denied.value.code == "INVALID"
