"""D: a service key works from its allowed addresses only, whatever headers say. Source: SECURITY D6."""

from ipaddress import ip_network

import pytest

from helpdesk.access import operations as access
from helpdesk.kernel.settings import Settings
from tests.factories.client import Caller
from tests.factories.desk import Desk

ALLOWED = "203.0.113.7"
PROXY = "10.0.0.5"


@pytest.fixture
def chosen(database_settings: Settings) -> Settings:
    """A desk behind proxies of 10.0.0.0/8 and fd00::/8."""
    proxies = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    return database_settings.model_copy(update={"trusted_proxies": proxies})


@pytest.fixture
def key(desk: Desk, partner: Caller) -> Caller:
    """A partner whose key is good from three networks, and no longer from this machine."""
    access.forbid_address(desk.administrator, "127.0.0.1")
    for network in (ALLOWED, "198.51.100.128/25", "2001:db8:1::/64"):
        access.allow_address(desk.administrator, network)
    return partner


def met(caller: Caller, address: str, **headers: str) -> str:
    """Return the code with which the caller is met, or ok."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = caller.but(address=address, headers=sent).answer("Viewer")
    body = answer.get_json()
    if "errors" not in body:
        return "ok"
    assert answer.status_code in {400, 403}
    code: str = body["errors"][0]["extensions"]["code"]
    return code


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_For": ALLOWED},
        {"X_Forwarded_For": f"{ALLOWED}, {PROXY}"},
        {"X_Forwarded_For": f"{ALLOWED},{ALLOWED}"},
        {"Forwarded": f"for={ALLOWED}"},
        {"X_Real_IP": ALLOWED},
        {"X_Client_IP": ALLOWED},
        {"True_Client_IP": ALLOWED},
        {"CF_Connecting_IP": ALLOWED},
        {"X_Forwarded_Host": ALLOWED},
        {"X_Remote_User": "admin@demo.example"},
    ],
)
def test_stranger_cannot_claim_an_address(key: Caller, headers: dict[str, str]) -> None:
    assert met(key, "192.0.2.1", **headers) == "IP_NOT_ALLOWED"
    assert met(key, "127.0.0.1", **headers) == "IP_NOT_ALLOWED"
    assert met(key, "::1", **headers) == "IP_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (ALLOWED, "ok"),
        (f"::ffff:{ALLOWED}", "ok"),  # the same line, as a socket for both families tells it
        ("203.0.113.6", "IP_NOT_ALLOWED"),
        ("203.0.113.8", "IP_NOT_ALLOWED"),
        ("198.51.100.127", "IP_NOT_ALLOWED"),
        ("198.51.100.128", "ok"),
        ("198.51.100.255", "ok"),
        ("198.51.101.0", "IP_NOT_ALLOWED"),
        ("2001:db8:1::", "ok"),
        ("2001:db8:1:0:ffff:ffff:ffff:ffff", "ok"),
        ("2001:db8:1:1::", "IP_NOT_ALLOWED"),
        ("::203.0.113.7", "IP_NOT_ALLOWED"),
        ("64:ff9b::203.0.113.7", "IP_NOT_ALLOWED"),
        ("::1", "IP_NOT_ALLOWED"),
        ("0.0.0.0", "IP_NOT_ALLOWED"),
    ],
)
def test_networks_end_where_they_end(key: Caller, address: str, code: str) -> None:
    assert met(key, address) == code


@pytest.mark.parametrize(
    ("forwarded", "code"),
    [
        (ALLOWED, "ok"),
        (f"192.0.2.1, {ALLOWED}", "ok"),  # what stands further left the client wrote itself
        (f"{ALLOWED}, 192.0.2.1", "IP_NOT_ALLOWED"),
        (f"{ALLOWED}, 10.9.9.9", "ok"),  # two proxies of ours
        (f"::ffff:{ALLOWED}", "ok"),
        ("203.0.113.07", "BAD_ADDRESS"),
        ("0313.0.0161.07", "BAD_ADDRESS"),
        ("203.0.113.7:443", "BAD_ADDRESS"),
        ("unknown", "BAD_ADDRESS"),
        ("203.0.113.7%00", "BAD_ADDRESS"),
        ("3405803783", "BAD_ADDRESS"),
        ("２０３.0.113.7", "BAD_ADDRESS"),
        ("", "IP_NOT_ALLOWED"),
    ],
)
def test_trusted_proxy_is_believed_as_far_as_it_vouches(key: Caller, forwarded: str, code: str) -> None:
    header = forwarded.encode().decode("latin-1")
    assert met(key, PROXY, X_Forwarded_For=header) == code
    assert met(key, "fd00::5", X_Forwarded_For=header) == code
    assert met(key, f"::ffff:{PROXY}", X_Forwarded_For=header) == code


def test_other_headers_mean_nothing_even_from_a_proxy(key: Caller) -> None:
    assert met(key, PROXY, Forwarded=f"for={ALLOWED}", X_Real_IP=ALLOWED) == "IP_NOT_ALLOWED"


def test_refusal_tells_the_address_that_was_seen_and_no_list(key: Caller) -> None:
    text = key.but(address="192.0.2.1").answer("Viewer").text
    assert "192.0.2.1" in text
    assert ALLOWED not in text
    assert "198.51" not in text
