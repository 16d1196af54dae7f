"""What is above the services: seen and changed by those who look after the organization, and by nobody else."""

from typing import Any

import pytest

from helpdesk.graphql import ids
from tests.factories.client import Caller, log_in
from tests.factories.desk import PASSWORD, Desk, appoint, make_desk

BOSS = "boss@demo.example"
SHOP = {
    "slug": "shop",
    "names": [{"language": "en", "text": "Shop"}, {"language": "ko", "text": "상점"}],
    "languages": ["ko", "en"],
    "defaultLanguage": "ko",
    "timeZone": "Asia/Seoul",
}


@pytest.fixture
def boss(stranger: Caller, desk: Desk) -> Caller:
    """Somebody who looks after the organization and is no agent of the service, logged in there."""
    appoint(desk, BOSS)
    return log_in(stranger, BOSS)


def members(boss: Caller) -> dict[str, str]:
    """Return the ids of the organization's members by name."""
    return {one["name"]: one["id"] for one in boss.ask("Organization")["organization"]["members"]}


def test_organization_shows_its_services_and_people(boss: Caller, desk: Desk) -> None:
    make_desk(desk.settings, slug="foreign")
    boss.done("ServiceCreate", **SHOP)
    found = boss.ask("Organization", language="ko")["organization"]
    assert found["name"] == "Demo"
    assert [(one["slug"], one["name"]) for one in found["services"]] == [("demo", "데모"), ("shop", "상점")]
    assert [one["email"] for one in found["administrators"]] == [BOSS]
    assert [(one["name"], one["isOrganizationAdministrator"]) for one in found["members"]] == [
        ("admin", False),
        ("agent", False),
        ("boss", True),
    ]
    assert boss.done("OrganizationUpdate", name=" Demo\tGroup ")["organization"]["name"] == "Demo Group"
    assert boss.refused("OrganizationUpdate", name=" ") == ("INVALID", ["name"])


def test_log_in_of_one_who_is_no_agent_gives_a_session_of_the_member(stranger: Caller, desk: Desk) -> None:
    appoint(desk, BOSS)
    payload = stranger.done("SessionCreate", email=BOSS, password=PASSWORD)
    assert payload["session"] is None
    begun = payload["memberSession"]
    assert begun["member"]["email"] == BOSS
    boss = stranger.but(token=begun["token"])
    viewer = boss.ask("Viewer")["viewer"]
    assert (viewer["__typename"], viewer["email"], viewer["isOrganizationAdministrator"]) == ("Member", BOSS, True)
    assert boss.ask("SessionDelete")["sessionDelete"]["isEnded"]
    assert boss.failed("Viewer") == "UNAUTHENTICATED"


@pytest.mark.parametrize("operation", ["Tickets", "Customers", "Inbox", "ChannelAccounts", "Plugins"])
def test_whoever_looks_after_the_organization_alone_sees_nothing_inside_a_service(boss: Caller, operation: str) -> None:
    assert {error["extensions"]["code"] for error in boss.answer(operation).get_json()["errors"]} == {"FORBIDDEN"}


def test_whoever_looks_after_the_organization_alone_changes_nothing_inside_a_service(boss: Caller) -> None:
    assert boss.refused("ServiceUpdate", timeZone="UTC") == ("FORBIDDEN", [])
    assert boss.refused("OpenApiSet", isEnabled=True) == ("FORBIDDEN", [])
    given = {"subject": "x", "body": "x", "customer": {"email": "a@customer.example"}}
    assert boss.refused("TicketCreate", **given) == ("FORBIDDEN", [])


@pytest.mark.parametrize("who", ["administrator", "agent", "partner"])
def test_those_of_a_service_are_refused_what_is_the_organization_s(
    who: str, boss: Caller, request: pytest.FixtureRequest
) -> None:
    caller: Caller = request.getfixturevalue(who)
    known = members(boss)["agent"]
    assert caller.failed("Organization") == "FORBIDDEN"
    assert caller.refused("OrganizationUpdate", name="Mine") == ("FORBIDDEN", [])
    assert caller.refused("OrganizationAdministratorAdd", id=known) == ("FORBIDDEN", [])
    assert caller.refused("OrganizationAdministratorRemove", id=known) == ("FORBIDDEN", [])
    assert caller.refused("ServiceCreate", **SHOP) == ("FORBIDDEN", [])
    feature = {"id": ids.encode("Service", 1), "feature": "chat", "isOn": False}
    assert caller.refused("ServiceFeatureSet", **feature) == ("FORBIDDEN", [])
    assert caller.refused("ServiceStateSet", id=feature["id"], state="PAUSED") == ("FORBIDDEN", [])
    assert caller.ask("Nodes", ids=[known])["nodes"] == [None]


def test_stranger_learns_nothing_of_the_organization(stranger: Caller) -> None:
    assert stranger.failed("Organization") == "UNAUTHENTICATED"


def test_administrators_are_added_and_removed_but_for_the_last(boss: Caller, agent: Caller) -> None:
    known = members(boss)
    assert boss.refused("OrganizationAdministratorRemove", id=known["boss"]) == ("LAST_ADMINISTRATOR", ["id"])
    assert boss.done("OrganizationAdministratorAdd", id=known["agent"])["member"]["isOrganizationAdministrator"]
    assert agent.ask("Organization")["organization"]["name"] == "Demo"
    assert agent.refused("ServiceUpdate", timeZone="UTC") == ("FORBIDDEN", [])
    assert not agent.done("OrganizationAdministratorRemove", id=known["boss"])["member"]["isOrganizationAdministrator"]
    assert boss.failed("Organization") == "UNAUTHENTICATED"


def test_another_organization_s_things_are_like_those_that_there_are_not(
    boss: Caller, stranger: Caller, desk: Desk
) -> None:
    foreign = make_desk(desk.settings, slug="foreign")
    appoint(foreign, BOSS)
    theirs = members(log_in(stranger.but(slug="foreign"), BOSS))["agent"]
    foreign_ids = [
        theirs,
        ids.encode("Organization", foreign.organization_id),
        ids.encode("Service", foreign.service_id),
    ]
    for wanted in (theirs, ids.encode("Member", 999), ids.encode("Agent", 1), "x"):
        assert boss.refused("OrganizationAdministratorAdd", id=wanted) == ("NOT_FOUND", ["id"])
        assert boss.refused("OrganizationAdministratorRemove", id=wanted) == ("NOT_FOUND", ["id"])
    assert boss.ask("Nodes", ids=foreign_ids)["nodes"] == [None] * 3
    own = boss.ask("Organization")["organization"]
    found = boss.ask("Nodes", ids=[own["id"], own["members"][0]["id"]])["nodes"]
    assert [one["__typename"] for one in found] == ["Organization", "Member"]


def test_made_service_is_served_and_its_id_is_taken(boss: Caller) -> None:
    made = boss.done("ServiceCreate", **SHOP)["service"]
    assert (made["slug"], made["editorType"], made["languages"]) == ("shop", "HTML", ["ko", "en"])
    assert "상점" in boss.but(token=None).send("GET", "/shop/hc/ko").text
    assert boss.but(slug="shop").ask("Organization")["organization"]["name"] == "Demo"
    assert boss.refused("ServiceCreate", **SHOP) == ("SLUG_TAKEN", ["slug"])


def features(answer: Any) -> dict[str, bool]:
    """Return the switches of a service by their codes."""
    return {one["code"]: one["isOn"] for one in answer["features"]}


def test_feature_is_switched_off_and_what_it_governs_is_refused(boss: Caller, partner: Caller) -> None:
    (service,) = boss.ask("Organization")["organization"]["services"]
    assert set(features(service).values()) == {True}
    given = {"id": service["id"], "feature": "endusermanagement"}
    after = boss.done("ServiceFeatureSet", **given, isOn=False)["service"]
    assert [code for code, is_on in features(after).items() if not is_on] == ["endusermanagement"]
    assert partner.failed("Customers") == "FEATURE_OFF"
    boss.done("ServiceFeatureSet", **given, isOn=True)
    assert partner.ask("Customers")["customers"]["nodes"] == []
    assert boss.refused("ServiceFeatureSet", **given | {"feature": "x"}, isOn=True) == ("UNKNOWN_FEATURE", ["feature"])
    assert boss.refused("ServiceFeatureSet", **given | {"feature": "ticket"}, isOn=False)[0] == "FEATURE_ALWAYS_ON"
    foreign = {"id": ids.encode("Service", 999), "feature": "chat", "isOn": False}
    assert boss.refused("ServiceFeatureSet", **foreign) == ("NOT_FOUND", ["id"])


def test_paused_service_answers_nobody_but_those_above_it(
    boss: Caller, administrator: Caller, agent: Caller, partner: Caller, stranger: Caller
) -> None:
    (service,) = boss.ask("Organization")["organization"]["services"]
    assert administrator.refused("ServiceStateSet", id=service["id"], state="PAUSED") == ("FORBIDDEN", [])
    assert boss.done("ServiceStateSet", id=service["id"], state="PAUSED")["service"]["state"] == "PAUSED"
    for caller in (administrator, agent, partner):
        answer = caller.answer("Tickets")
        assert (answer.status_code, caller.failed("Tickets")) == (503, "SERVICE_PAUSED")
        assert answer.headers["Retry-After"]
    assert stranger.send("GET", "/demo/p/example/").status_code == 503
    again = stranger.but(token=stranger.done("SessionCreate", email=BOSS, password=PASSWORD)["memberSession"]["token"])
    assert again.done("ServiceStateSet", id=service["id"], state="IN_USE")["service"]["state"] == "IN_USE"
    assert agent.ask("Tickets")["tickets"]["nodes"] == []
    assert boss.refused("ServiceStateSet", id=service["id"], state="STOPPED") == ("BAD_STATE", ["state"])


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/demo/hc/ko", "지금은 고객센터를 운영하지 않습니다"),
        ("/demo/hc/en/inquiry", "This help center is closed at the moment"),
    ],
)
def test_paused_help_center_says_so_in_its_languages(boss: Caller, path: str, words: str) -> None:
    (service,) = boss.ask("Organization")["organization"]["services"]
    visitor = boss.but(token=None)
    assert visitor.send("GET", path).status_code == 200
    boss.done("ServiceStateSet", id=service["id"], state="PAUSED")
    page = visitor.send("GET", path)
    assert (page.status_code, words in page.text, "/inquiry" in page.text) == (503, True, False)
    assert visitor.send("POST", "/demo/hc/ko/inquiry", data={}).status_code == 503
    boss.done("ServiceStateSet", id=service["id"], state="IN_USE")
    assert visitor.send("GET", path).status_code == 200


def test_company_information_stands_in_the_footer_in_the_page_s_language(boss: Caller) -> None:
    (service,) = boss.ask("Organization")["organization"]["services"]
    texts = [
        {"language": "ko", "text": "주식회사 데모\n사업자등록번호 <b>123</b>"},
        {"language": "en", "text": "Demo Inc. <script>alert(1)</script>"},
    ]
    made = boss.done("CompanyInformationCreate", kind="COMPANY", name="2026", texts=texts)["companyInformation"]
    assert [one["language"] for one in made["texts"]] == ["en", "ko"]
    visitor = boss.but(token=None)
    assert "주식회사 데모" not in visitor.send("GET", "/demo/hc/ko").text
    given = {"id": service["id"], "companyInformationId": made["id"]}
    chosen = boss.done("ServiceCompanyInformationSet", **given)["service"]["companyInformation"]
    assert (chosen["id"], chosen["name"]) == (made["id"], "2026")
    korean, english = (visitor.send("GET", f"/demo/hc/{language}").text for language in ("ko", "en"))
    footer = '<p class="footer__company">'
    assert f"{footer}주식회사 데모\n사업자등록번호 &lt;b&gt;123&lt;/b&gt;</p>" in korean
    assert f"{footer}Demo Inc. &lt;script&gt;alert(1)&lt;/script&gt;</p>" in english
    boss.done("CompanyInformationUpdate", id=made["id"], texts=[{"language": "en", "text": ""}])
    assert f"{footer}주식회사 데모" in visitor.send("GET", "/demo/hc/en").text
    assert boss.done("CompanyInformationDelete", id=made["id"])["deletedId"] == made["id"]
    assert footer not in visitor.send("GET", "/demo/hc/ko").text
    assert boss.ask("Organization")["organization"]["companyInformation"] == []


def test_company_information_that_is_not_there_or_not_sound_is_refused_in_words(
    boss: Caller, administrator: Caller
) -> None:
    texts = [{"language": "ko", "text": "데모"}]
    made = boss.done("CompanyInformationCreate", kind="TERMS_OF_USE", name="x", texts=texts)["companyInformation"]
    assert administrator.ask("Node", id=made["id"])["node"] is None
    assert boss.ask("Node", id=made["id"])["node"]["id"] == made["id"]
    given = {"kind": "COMPANY", "name": "x"}
    assert administrator.refused("CompanyInformationCreate", **given, texts=texts) == ("FORBIDDEN", [])
    assert administrator.refused("CompanyInformationUpdate", id=made["id"], name="y") == ("FORBIDDEN", [])
    assert administrator.refused("CompanyInformationDelete", id=made["id"]) == ("FORBIDDEN", [])
    assert boss.refused("CompanyInformationCreate", **given, texts=[]) == ("INVALID", ["texts"])
    bad = [{"language": "klingon", "text": "x"}]
    assert boss.refused("CompanyInformationCreate", **given, texts=bad) == ("BAD_LANGUAGE", ["texts", "klingon"])
    for wanted in (ids.encode("CompanyInformation", 999), ids.encode("Service", 1), "x"):
        assert boss.refused("CompanyInformationUpdate", id=wanted, name="x") == ("NOT_FOUND", ["id"])
        assert boss.refused("CompanyInformationDelete", id=wanted) == ("NOT_FOUND", ["id"])
        choice = {"id": ids.encode("Service", 1), "companyInformationId": wanted}
        assert boss.refused("ServiceCompanyInformationSet", **choice) == ("NOT_FOUND", ["companyInformationId"])
        assert administrator.refused("ServiceCompanyInformationSet", id=choice["id"]) == ("FORBIDDEN", [])


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"slug": "Shop"}, "BAD_SLUG", ["slug"]),
        ({"languages": ["ko", "xx"]}, "BAD_LANGUAGE", ["languages"]),
        ({"names": []}, "INVALID", ["names", "ko"]),
        ({"timeZone": "Seoul"}, "BAD_TIME_ZONE", ["timeZone"]),
    ],
)
def test_service_that_cannot_be_is_refused_in_words(
    boss: Caller, changes: dict[str, Any], code: str, path: list[str]
) -> None:
    assert boss.refused("ServiceCreate", **{**SHOP, **changes}) == (code, path)
    assert len(boss.ask("Organization")["organization"]["services"]) == 1
