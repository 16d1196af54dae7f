"""The service of the address, whoever asks, and the ways in and out that are installed."""

import pytest

from helpdesk.agents import operations as agents
from tests.factories.client import Caller
from tests.factories.desk import Desk, make_desk


def test_service_tells_its_facts_in_the_language_asked_for(desk: Desk, partner: Caller) -> None:
    agents.create_group(desk.service_id, "Orders")
    found = partner.ask("Service", language="en")
    assert {name: value for name, value in found["service"].items() if name != "id"} == {
        "slug": "demo",
        "name": "Demo",
        "languages": ["ko", "en"],
        "defaultLanguage": "ko",
        "timeZone": "Asia/Seoul",
        "editorType": "HTML",
    }
    assert [(one["name"], one["role"], one["isActive"]) for one in found["agents"]] == [
        ("admin", "ADMINISTRATOR", True),
        ("agent", "AGENT", True),
    ]
    assert [group["name"] for group in found["agentGroups"]] == ["Orders"]
    assert partner.ask("Service", language="fr")["service"]["name"] == "데모"


def test_viewer_is_whoever_asks(stranger: Caller, partner: Caller, agent: Caller) -> None:
    assert stranger.ask("Viewer")["viewer"] is None
    assert partner.ask("Viewer")["viewer"]["__typename"] == "ServiceKey"
    found = agent.ask("Viewer")["viewer"]
    assert (found["__typename"], found["name"], found["email"], found["role"]) == (
        "Agent",
        "agent",
        "agent@demo.example",
        "AGENT",
    )


def test_stranger_learns_nothing_of_the_service(stranger: Caller) -> None:
    assert stranger.failed("Service") == "UNAUTHENTICATED"


def test_address_without_a_service_works_while_there_is_one(desk: Desk, partner: Caller) -> None:
    body = {"query": "{service {slug}}"}
    assert partner.send("POST", "/graphql", json=body).get_json()["data"] == {"service": {"slug": "demo"}}
    make_desk(desk.settings, slug="second")
    answer = partner.send("POST", "/graphql", json=body)
    assert (answer.status_code, answer.get_json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")


def test_unknown_service_is_not_found(partner: Caller) -> None:
    assert partner.but(slug="nobody").answer("Viewer").status_code == 404


@pytest.mark.parametrize(("language", "title"), [("ko", "이메일"), ("en", "Email"), ("fr", "이메일"), (None, "이메일")])
def test_installed_channels_say_what_they_need(partner: Caller, language: str | None, title: str) -> None:
    drivers = partner.ask("ChannelAccounts", language=language)["channelDrivers"]
    assert [driver["code"] for driver in drivers] == ["echo", "email", "webhook"]
    email = drivers[1]
    assert email["title"] == title
    assert email["settingsSchema"]["properties"]["smtp_password"]["format"] == "password"


def test_schema_is_given_to_those_who_may_see_it(stranger: Caller, partner: Caller) -> None:
    assert "type Ticket implements Node" in partner.send("GET", "/demo/graphql/schema.graphql").text
    assert stranger.send("GET", "/demo/graphql/schema.graphql").status_code == 401


def test_administrator_changes_the_service_and_the_help_center_shows_it_at_once(administrator: Caller) -> None:
    texts = [{"language": "ja", "text": "デモ窓口"}, {"language": "en", "text": "Demo desk"}]
    given = {"names": texts, "languages": ["ja", "ko", "en"], "defaultLanguage": "ja", "timeZone": "Asia/Tokyo"}
    changed = administrator.done("ServiceUpdate", **given, editorType="TEXT")["service"]
    assert [(one["language"], one["text"]) for one in changed["names"]] == [
        ("ja", "デモ窓口"),
        ("ko", "데모"),
        ("en", "Demo desk"),
    ]
    assert (changed["slug"], changed["languages"]) == ("demo", ["ja", "ko", "en"])
    assert (changed["defaultLanguage"], changed["timeZone"], changed["editorType"]) == ("ja", "Asia/Tokyo", "TEXT")
    visitor = administrator.but(token=None)
    assert "デモ窓口" in visitor.send("GET", "/demo/hc/ja").text
    assert administrator.ask("Service", language="en")["service"]["name"] == "Demo desk"
    administrator.done("ServiceUpdate", languages=["ja", "en"])
    assert visitor.send("GET", "/demo/hc/ko").status_code == 404
    assert administrator.ask("Service", language="ko")["service"]["name"] == "デモ窓口"


def test_service_is_changed_by_its_administrators_alone_and_told_what_is_wrong(
    administrator: Caller, agent: Caller
) -> None:
    assert agent.refused("ServiceUpdate", timeZone="UTC") == ("FORBIDDEN", [])
    assert administrator.refused("ServiceUpdate", timeZone="Seoul") == ("BAD_TIME_ZONE", ["timeZone"])
    assert administrator.refused("ServiceUpdate", languages=["ko", "xx"]) == ("BAD_LANGUAGE", ["languages"])
    assert administrator.refused("ServiceUpdate", languages=["ko", "fr"]) == ("INVALID", ["names", "fr"])
    twice = [{"language": "ko", "text": "하나"}, {"language": "ko", "text": "둘"}]
    assert administrator.refused("ServiceUpdate", names=twice) == ("INVALID", ["names"])
