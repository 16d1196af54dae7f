"""Who comes in: sessions, service keys, the switch and the allowed addresses, as they are used."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.factories.client import Caller, ticket
from tests.factories.desk import PASSWORD, Desk, make_desk

LOGIN = {"email": "agent@demo.example", "password": PASSWORD}


def code_of(caller: Caller) -> tuple[int, str | None]:
    """Return status and code with which the caller is met; no code for somebody who is let in."""
    answer = caller.answer("Tickets")
    errors = answer.get_json().get("errors")
    return answer.status_code, errors[0]["extensions"]["code"] if errors else None


def test_agent_logs_in_works_and_logs_out(stranger: Caller) -> None:
    begun = stranger.done("SessionCreate", **LOGIN)["session"]
    assert (begun["agent"]["name"], begun["agent"]["role"]) == ("agent", "AGENT")
    remaining = datetime.fromisoformat(begun["expiresAt"]) - datetime.now(UTC)
    assert timedelta(hours=11) < remaining <= timedelta(hours=12)
    agent = stranger.but(token=begun["token"])
    assert agent.ask("Viewer")["viewer"]["email"] == "agent@demo.example"
    assert agent.ask("SessionDelete")["sessionDelete"] == {"isEnded": True, "errors": []}
    assert code_of(agent) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong"}, {"password": ""}, {"email": "nobody@demo.example"}, {"email": "x"}, {"email": ""}]
)
def test_every_wrong_log_in_is_the_same_refusal(stranger: Caller, wrong: dict[str, str]) -> None:
    payload = stranger.change("SessionCreate", **(LOGIN | wrong))
    assert payload["session"] is None
    (error,) = payload["errors"]
    assert error == {"code": "BAD_CREDENTIALS", "message": "The email or the password is wrong.", "path": []}


def test_guesser_has_to_wait(stranger: Caller) -> None:
    for _ in range(5):
        assert stranger.refused("SessionCreate", **(LOGIN | {"password": "wrong"}))[0] == "BAD_CREDENTIALS"
    assert stranger.failed("SessionCreate", input=LOGIN) == "TOO_MANY_ATTEMPTS"
    assert stranger.but(address="203.0.113.9").done("SessionCreate", **LOGIN)["session"]["token"]


def test_session_ends_by_itself(stranger: Caller) -> None:
    token = stranger.done("SessionCreate", **LOGIN)["session"]["token"]
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=12, minutes=1)):
        assert code_of(stranger.but(token=token)) == (401, "UNAUTHENTICATED")


def test_only_a_session_can_be_ended(stranger: Caller, partner: Caller) -> None:
    assert stranger.failed("SessionDelete") == "UNAUTHENTICATED"
    (error,) = partner.ask("SessionDelete")["sessionDelete"]["errors"]
    assert error["code"] == "NO_SESSION"
    assert code_of(partner) == (200, None)


def test_agent_of_one_service_is_a_stranger_in_another(desk: Desk, agent: Caller, partner: Caller) -> None:
    make_desk(desk.settings, slug="second")
    assert code_of(agent.but(slug="second")) == (401, "UNAUTHENTICATED")
    assert code_of(partner.but(slug="second")) == (403, "OPEN_API_DISABLED")


@pytest.mark.parametrize("token", ["", "x", "hdk_", "hds_", "hdk_" + "a" * 43, "hds_" + "a" * 43, "0", "null", "한글"])
def test_every_made_up_token_is_refused(partner: Caller, token: str) -> None:
    sent = partner.but(token=None, headers={"Authorization": f"Bearer {token}".encode().decode("latin-1")})
    assert code_of(sent) == (401, "UNAUTHENTICATED")
    assert sent.answer("Tickets").headers["WWW-Authenticate"] == "Bearer"


def test_token_counts_in_its_header_alone(partner: Caller) -> None:
    path = f"/demo/graphql?access_token={partner.token}&token={partner.token}"
    answer = partner.but(token=None).send("POST", path, json={"query": "{tickets {totalCount}}"})
    assert answer.get_json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    basic = partner.but(token=None, headers={"Authorization": f"Basic {partner.token}"})
    assert code_of(basic) == (401, "UNAUTHENTICATED")


def test_first_key_is_made_with_the_switch_and_told_once(administrator: Caller, stranger: Caller) -> None:
    made = administrator.done("OpenApiSet", isEnabled=True)
    assert made["token"].endswith(made["key"]["hint"])
    assert administrator.done("OpenApiSet", isEnabled=True)["token"] is None
    assert code_of(stranger.but(token=made["token"])) == (403, "IP_NOT_ALLOWED")
    assert administrator.done("AllowedAddressAdd", network="127.0.0.0/8")["allowedAddresses"] == ["127.0.0.0/8"]
    assert code_of(stranger.but(token=made["token"])) == (200, None)
    assert made["token"] not in administrator.answer("OpenApi").text


def test_disabled_open_api_stops_every_key_and_keeps_it(administrator: Caller, partner: Caller) -> None:
    assert administrator.done("OpenApiSet", isEnabled=False)["isEnabled"] is False
    assert code_of(partner) == (403, "OPEN_API_DISABLED")
    assert administrator.refused("ServiceKeyCreate", name="x") == ("OPEN_API_DISABLED", [])
    administrator.done("OpenApiSet", isEnabled=True)
    assert code_of(partner) == (200, None)


def test_new_key_works_beside_the_first(administrator: Caller, partner: Caller) -> None:
    made = administrator.done("ServiceKeyCreate", name=" 쇼핑몰 ")
    assert (made["key"]["name"], made["key"]["revokedAt"]) == ("쇼핑몰", None)
    assert code_of(partner.but(token=made["token"])) == code_of(partner) == (200, None)
    keys = administrator.ask("OpenApi")["serviceKeys"]
    assert [key["name"] for key in keys] == ["Open API", "쇼핑몰"]


def test_rotated_key_is_refused_at_once(administrator: Caller, partner: Caller) -> None:
    key = partner.ask("Viewer")["viewer"]["id"]
    made = administrator.done("ServiceKeyRotate", id=key)
    assert code_of(partner) == (401, "UNAUTHENTICATED")
    assert code_of(partner.but(token=made["token"])) == (200, None)
    assert administrator.refused("ServiceKeyRotate", id=key)[0] == "KEY_REVOKED"


def test_grace_lets_the_old_key_in_until_it_ends(administrator: Caller, partner: Caller) -> None:
    made = administrator.done("ServiceKeyRotate", id=partner.ask("Viewer")["viewer"]["id"], graceSeconds=600)
    assert code_of(partner) == code_of(partner.but(token=made["token"])) == (200, None)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=601)):
        assert code_of(partner) == (401, "UNAUTHENTICATED")
        assert code_of(partner.but(token=made["token"])) == (200, None)


def test_revoked_key_is_refused(administrator: Caller, partner: Caller) -> None:
    revoked = administrator.done("ServiceKeyRevoke", id=partner.ask("Viewer")["viewer"]["id"])
    assert revoked["key"]["revokedAt"] is not None
    assert code_of(partner) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("mutation", "given", "code", "path"),
    [
        ("ServiceKeyCreate", {"name": " "}, "INVALID", ["name"]),
        ("ServiceKeyRotate", {"id": "x"}, "NOT_FOUND", ["id"]),
        ("ServiceKeyRevoke", {"id": "VGlja2V0OjE"}, "NOT_FOUND", ["id"]),
        ("AllowedAddressAdd", {"network": "010.0.0.1"}, "BAD_NETWORK", ["network"]),
        ("AllowedAddressAdd", {"network": "203.0.113.7/24"}, "BAD_NETWORK", ["network"]),
        ("AllowedAddressAdd", {"network": "everywhere"}, "BAD_NETWORK", ["network"]),
        ("AllowedAddressRemove", {"network": "198.51.100.1"}, "NOT_FOUND", ["network"]),
    ],
)
def test_wrong_input_names_its_field(
    administrator: Caller, partner: Caller, mutation: str, given: Any, code: str, path: list[str]
) -> None:
    assert administrator.refused(mutation, **given) == (code, path)


def test_grace_is_a_week_at_most_and_the_path_is_the_schema_s(administrator: Caller, partner: Caller) -> None:
    given = {"id": partner.ask("Viewer")["viewer"]["id"], "graceSeconds": 604_801}
    assert administrator.refused("ServiceKeyRotate", **given) == ("INVALID", ["graceSeconds"])


def test_address_that_is_taken_off_is_refused_again(administrator: Caller, partner: Caller) -> None:
    assert administrator.done("AllowedAddressRemove", network="127.0.0.1")["allowedAddresses"] == []
    assert code_of(partner) == (403, "IP_NOT_ALLOWED")


def test_neither_agents_nor_keys_open_the_service(agent: Caller, partner: Caller) -> None:
    attempts: dict[str, dict[str, Any]] = {
        "OpenApiSet": {"isEnabled": True},
        "ServiceKeyCreate": {"name": "x"},
        "AllowedAddressAdd": {"network": "0.0.0.0/0"},
        "ServiceKeyRevoke": {"id": partner.ask("Viewer")["viewer"]["id"]},
    }
    for mutation, given in attempts.items():
        assert partner.refused(mutation, **given) == ("FORBIDDEN", [])
        assert agent.refused(mutation, **given) == ("FORBIDDEN", [])
    assert agent.failed("OpenApi") == "FORBIDDEN"
    assert partner.ask("OpenApi")["openApiEnabled"] is True


def test_no_answer_ever_tells_a_token_or_a_password_again(administrator: Caller, partner: Caller) -> None:
    ticket(partner)
    texts = [administrator.answer(name).text for name in ("OpenApi", "Viewer", "Service", "Customers", "Inbox")]
    for secret in (partner.token, administrator.token, PASSWORD, "argon2"):
        assert all(str(secret) not in text for text in texts)
