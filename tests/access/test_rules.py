"""Rights are what the table says, and an address is whose it really is."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.access import rules
from helpdesk.agents.rules import AgentChannel, AgentRight, Menu, Role
from helpdesk.kernel.errors import Invalid

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
addresses = st.ip_addresses()
outside = addresses.filter(lambda one: not any(one in network for network in PROXIES)).filter(
    lambda one: not (isinstance(one, IPv6Address) and one.ipv4_mapped)
)
inside = st.one_of(st.ip_addresses(network="10.0.0.0/8"), st.ip_addresses(network="fd00::/8"))
no_comma = st.text(max_size=20).filter(lambda text: "," not in text)


def test_every_right_has_a_sentence() -> None:
    assert all(text.endswith(".") and text[0].isupper() for text in rules.RIGHTS.values())


def test_roles_and_keys_hold_rights_of_the_table_only() -> None:
    agent, administrator = rules.rights_of_agent(Role.AGENT, ()), rules.rights_of_agent(Role.ADMINISTRATOR, ())
    assert set(rules.RIGHTS) - administrator == {
        "organization.read", "organization.write",
        "ticket.assign", "ticket.export", "connection_log.read", "allocation.write",
    }  # fmt: skip
    assert agent < administrator
    assert agent < rules.SERVICE_KEY_RIGHTS < set(rules.RIGHTS)


@pytest.mark.parametrize("role", Role)
def test_single_rights_are_given_one_by_one_to_whatever_role(role: Role) -> None:
    bare = rules.rights_of_agent(role, ())
    for single, right in rules.SINGLE_RIGHTS.items():
        assert rules.rights_of_agent(role, (single,)) == bare | {right}
    assert rules.rights_of_agent(role, AgentRight) == bare | set(rules.SINGLE_RIGHTS.values())


def test_agents_work_on_tickets_and_leave_the_settings_alone() -> None:
    agent = rules.rights_of_agent(Role.AGENT, ())
    assert {"ticket.reply", "ticket.take", "customer.read", "delivery.retry", "upload.create"} <= agent
    assert agent.isdisjoint(
        {"ticket.assign", "ticket.complete", "channel_account.read", "channel_account.write", "inbox.read"}
        | {"open_api.write", "agent.write", "callback.assign"}
    )


def test_every_right_is_of_one_menu_at_the_most_and_the_rest_is_known() -> None:
    governed = [right for rights in rules.MENUS.values() for right in rights]
    assert len(governed) == len(set(governed))
    assert set(rules.RIGHTS) - set(governed) == {
        "agent.read", "allocation.write", "callback.assign", "connection_log.read", "organization.read",
        "organization.write", "service.read",
    }  # fmt: skip


@pytest.mark.parametrize("menu", Menu)
def test_whom_a_menu_is_closed_to_has_nothing_of_it_administrators_too(menu: Menu) -> None:
    open_to_all = rules.rights_of_agent(Role.ADMINISTRATOR, AgentRight)
    closed = rules.rights_of_agent(Role.ADMINISTRATOR, AgentRight, restricted_menus=(menu,))
    assert open_to_all - closed == rules.MENUS[menu]


def test_who_does_not_work_on_tickets_has_nothing_of_their_menu() -> None:
    chats = rules.rights_of_agent(Role.AGENT, AgentRight, channels=(AgentChannel.CHAT,))
    assert chats.isdisjoint(rules.MENUS[Menu.TICKET_MANAGEMENT])
    assert {"agent.read", "customer.read", "service.read"} <= chats


def test_a_key_can_make_no_key_and_does_not_reach_above_its_service() -> None:
    assert set(rules.RIGHTS) - rules.SERVICE_KEY_RIGHTS == {
        "connection_log.read",
        "open_api.write",
        "organization.read",
        "organization.write",
    }


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        (" 203.0.113.0/24 ", "203.0.113.0/24"),
        ("2001:DB8:0::/32", "2001:db8::/32"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::1", "::1/128"),
    ],
)
def test_a_network_has_one_spelling(written: str, kept: str) -> None:
    assert rules.normal_network(written) == kept


@pytest.mark.parametrize(
    "written", ["", "010.0.0.1", "10.0.0.1/24", "10.0.0", "10.0.0.0/33", "example.test", "0x7f.1", "1"]
)
def test_what_is_no_network_is_refused_with_what_to_write(written: str) -> None:
    with pytest.raises(Invalid, match=r"203\.0\.113\.0/24") as refused:
        rules.normal_network(written)
    assert (refused.value.code, refused.value.path) == ("BAD_NETWORK", ("network",))


def test_a_network_holds_its_edges_and_nothing_beyond() -> None:
    networks = [ip_network("203.0.113.64/26"), ip_network("2001:db8::/127")]
    allowed = ["203.0.113.64", "203.0.113.127", "::ffff:203.0.113.64", "2001:db8::1"]
    refused = ["203.0.113.63", "203.0.113.128", "::ffff:203.0.113.128", "2001:db8::2", "::1", "", "203.0.113.064", "x"]
    assert [rules.address_is_allowed(one, networks) for one in allowed] == [True] * len(allowed)
    assert [rules.address_is_allowed(one, networks) for one in refused] == [False] * len(refused)


@given(address=addresses)
def test_no_networks_allow_nobody(address: IPv4Address | IPv6Address) -> None:
    assert not rules.address_is_allowed(str(address), [])


@given(peer=outside, header=st.one_of(st.none(), st.text(max_size=60)))
def test_a_stranger_s_header_is_never_believed(peer: IPv4Address | IPv6Address, header: str | None) -> None:
    assert rules.client_address(str(peer), header, PROXIES) == str(peer)


@given(lies=st.lists(no_comma, max_size=4), client=outside, proxies=st.lists(inside, min_size=1, max_size=4))
def test_the_last_address_before_the_proxies_asks_whatever_stands_before_it(
    lies: list[str], client: IPv4Address | IPv6Address, proxies: list[IPv4Address | IPv6Address]
) -> None:
    *hops, peer = proxies
    header = ", ".join([*lies, str(client), *map(str, hops)])
    assert rules.client_address(str(peer), header, PROXIES) == str(client)


@given(peer=inside, header=st.text(max_size=60))
def test_behind_a_proxy_the_answer_is_an_address_or_a_refusal(peer: IPv4Address | IPv6Address, header: str) -> None:
    try:
        answer = rules.client_address(str(peer), header, PROXIES)
    except Invalid:
        return
    assert rules.normal_address(answer) == answer
    assert answer == str(peer) or str(ip_address(answer)) == answer


@pytest.mark.parametrize(
    "header", ["unknown", "203.0.113.7:443", "203.0.113.007", "[2001:db8::1]", "203.0.113.7, _hidden"]
)
def test_what_a_proxy_says_must_be_an_address(header: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.client_address("10.0.0.1", header, PROXIES)
    assert refused.value.code == "BAD_ADDRESS"


@pytest.mark.parametrize(
    ("peer", "header", "asking"),
    [
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", " , ", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("::ffff:10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "garbage, 203.0.113.7,", "203.0.113.7"),
        ("203.0.113.9", "10.0.0.1", "203.0.113.9"),
    ],
)
def test_headers_as_proxies_write_them(peer: str, header: str | None, asking: str) -> None:
    assert rules.client_address(peer, header, PROXIES) == asking


def test_a_guesser_waits_longer_each_time_but_never_for_ever() -> None:
    waits = [rules.login_wait_seconds(failures) for failures in range(200)]
    assert waits[:5] == [0] * 5
    assert waits[5:8] == [32, 64, 128]
    assert max(waits) == waits[-1] == 900


def test_one_line_is_one_guesser() -> None:
    assert rules.guesser("::ffff:203.0.113.7") == "203.0.113.7"
    assert rules.guesser("2001:db8::1") == rules.guesser("2001:db8::ffff:1") == "2001:db8::/64"
    assert rules.guesser("2001:db8:0:1::1") != rules.guesser("2001:db8::1")
