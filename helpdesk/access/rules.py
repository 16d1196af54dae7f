"""The table of rights, whose address counts, and how long a guesser waits: decided without a database.

A service key may do whatever an administrator may, so that nothing is out of a partner's reach, but
make keys and let addresses in: a stolen key could otherwise outlive its own revocation. Nor is the log of who logged
in anywhere in the organization a partner's.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from helpdesk.agents.rules import FIRST_CHANNELS, FIRST_RIGHTS, AgentChannel, AgentRight, Menu, Role
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.text import one_line

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

RIGHTS: Mapping[str, str] = {
    "ticket.read": "See tickets, their messages and their history.",
    "ticket.create": "Open a ticket, and with it a customer who was not known.",
    "ticket.reply": "Answer the customer of a ticket.",
    "ticket.note": "Leave a note that customers never see.",
    "ticket.take": "Take a ticket that nobody has, and give it back.",
    "ticket.assign": "Forward: give a ticket to any agent or group, or take it back from one.",
    "ticket.set_status": "Open, hold, resolve and reopen tickets.",
    "ticket.tag": "Put tags on tickets and take them off.",
    "ticket.complete": "Complete a resolved ticket before its time.",
    "ticket.export": "Export tickets with all that was written in them.",
    "callback.assign": "Give out callbacks that nobody has.",
    "agent.read": "See the agents of the service and their groups.",
    "agent.write": "Add, change and remove agents and groups, switch allocation, and close menus to agents.",
    "agent.attributes": "Keep with an agent what a plugin knows the agent by.",
    "allocation.write": "Switch one's own allocation.",
    "connection_log.read": "See when any agent of the organization logged in and out, and from where.",
    "customer.read": "See customers and what they are known by.",
    "customer.write": "Say that a customer's address is good again.",
    "customer.export": "Fetch everything that plugins keep about a customer.",
    "customer.erase": "Have plugins forget everything about a customer.",
    "channel_account.read": "See the channel accounts and their settings, without secrets.",
    "channel_account.write": "Make, change, test and delete channel accounts.",
    "inbox.read": "See what came in, also what could not be read.",
    "inbox.retry": "Have what came in read again.",
    "inbox.release": "Have a message that is held or was put aside filed, its sender believed, or dismiss it as spam.",
    "delivery.read": "See what becomes of outgoing messages.",
    "delivery.retry": "Send a failed message again.",
    "service.read": "See the service.",
    "service.write": "Change the settings of the service, such as its help center theme.",
    "plugin.read": "See the plugins of the desk, their settings without secrets, and why one is not used.",
    "plugin.write": "Switch plugins on and off in the service, and set and try them.",
    "plugin.install": "Switch and set plugins for every service of the desk.",
    "upload.create": "Upload a file for a message.",
    "open_api.read": "See whether the Open API is on, its keys without their tokens, and the allowed addresses.",
    "open_api.write": "Switch the Open API, make and revoke keys, and choose the addresses they are used from.",
    "organization.read": "See the organization: its services, members, administrators and company information.",
    "organization.write": "Make services, switch their features, and choose administrators and company information.",
}
ORGANIZATION_RIGHTS = frozenset({"organization.read", "organization.write"})
"""What is the organization's: an organization administrator may do it, and nobody else."""

ORGANIZATION_ADMINISTRATOR_RIGHTS = ORGANIZATION_RIGHTS | {
    "service.read", "agent.read", "agent.write", "connection_log.read",
}  # fmt: skip
"""What an organization administrator may do in every service: see it, and say who works there. Source: GEN-X23."""

SINGLE_RIGHTS: Mapping[AgentRight, str] = {
    AgentRight.TICKET_FORWARDING: "ticket.assign",
    AgentRight.EXTRACT: "ticket.export",
    AgentRight.CONNECTION_LOG: "connection_log.read",
    AgentRight.ALLOCATION_CONTROL: "allocation.write",
    AgentRight.CALLBACK_ASSIGNMENT: "callback.assign",
}
"""What is given to an agent beside the role. Source: SPEC AGT-08 to AGT-10, AGT-26, SPEC-SETTINGS AGT-X02."""

MENUS: Mapping[Menu, frozenset[str]] = {
    Menu.TICKET_MANAGEMENT: frozenset(
        {"upload.create", *(right for right in RIGHTS if right.startswith(("ticket.", "inbox.", "delivery.")))}
    ),
    Menu.CUSTOMER_INFORMATION: frozenset(right for right in RIGHTS if right.startswith("customer.")),
    Menu.SERVICE_MANAGEMENT: frozenset(
        {
            "service.write",
            "agent.write",
            "agent.attributes",
            *(right for right in RIGHTS if right.startswith(("channel_account.", "plugin.", "open_api."))),
        }
    ),
}
"""The rights that go with a menu: whom it is closed to has none of them. Source: SPEC AGT-31, SPEC-SETTINGS GEN-X31."""

_AGENT_RIGHTS = frozenset(
    {
        "ticket.read",
        "ticket.create",
        "ticket.reply",
        "ticket.note",
        "ticket.take",
        "ticket.set_status",
        "ticket.tag",
        "agent.read",
        "customer.read",
        "customer.write",
        "delivery.read",
        "delivery.retry",
        "service.read",
        "upload.create",
    }
)
_ADMINISTRATOR_RIGHTS = (frozenset(RIGHTS) - ORGANIZATION_RIGHTS - frozenset(SINGLE_RIGHTS.values())) | {
    "callback.assign"
}
SERVICE_KEY_RIGHTS = frozenset(RIGHTS) - ORGANIZATION_RIGHTS - {"open_api.write", "connection_log.read"}

FREE_ATTEMPTS = 5
TOKEN_SECONDS = 86_400
SEEN_EVERY_SECONDS = 60
LONGEST_ADDRESS = 45
LONGEST_USER_AGENT = 200
LONGEST_WAIT_SECONDS = 900
_LINE_BITS = 64  # a line that speaks IPv6 is given a whole /64


class TokenPurpose(StrEnum):
    """What a token that was sent to a member lets them do."""

    INVITATION = "INVITATION"
    RESET = "RESET"


class ConnectionEvent(StrEnum):
    """What the connection log keeps. Source: SPEC AGT-30."""

    LOGGED_IN = "LOGGED_IN"
    LOG_IN_FAILED = "LOG_IN_FAILED"
    LOGGED_OUT = "LOGGED_OUT"
    ENDED_BY_PASSWORD = "ENDED_BY_PASSWORD"  # noqa: S105  # a word of the log
    ENDED_BY_REVOCATION = "ENDED_BY_REVOCATION"
    ENDED_BY_DEACTIVATION = "ENDED_BY_DEACTIVATION"


@dataclass(frozen=True, slots=True)
class Client:
    """From where somebody comes: an address in its one spelling, and what their program calls itself, shortened."""

    address: str
    user_agent: str


def client(address: str, user_agent: str) -> Client:
    """Return from where somebody comes, as it is kept. Raises Invalid (BAD_ADDRESS)."""
    return Client(normal_address(address)[:LONGEST_ADDRESS], one_line(user_agent, longest=LONGEST_USER_AGENT))


def rights_of_agent(
    role: Role,
    singles: Iterable[AgentRight] = FIRST_RIGHTS,
    *,
    channels: Collection[AgentChannel] = FIRST_CHANNELS,
    restricted_menus: Iterable[Menu] = (),
) -> frozenset[str]:
    """Return what an agent may do: by the role and the single rights, without what is closed or no work of theirs.

    Whoever does not work on tickets has nothing of the menu of tickets. Source: SPEC GEN-08, AGT-06 to AGT-10, AGT-31.
    """
    by_role = _ADMINISTRATOR_RIGHTS if role is Role.ADMINISTRATOR else _AGENT_RIGHTS
    closed = set(restricted_menus)
    if AgentChannel.TICKET not in channels:
        closed.add(Menu.TICKET_MANAGEMENT)
    return by_role.union(SINGLE_RIGHTS[one] for one in singles).difference(*(MENUS[menu] for menu in closed))


def normal_address(text: str) -> str:
    """Return the one spelling of an IP address; one of IPv4 inside IPv6 becomes IPv4. Raises Invalid (BAD_ADDRESS)."""
    return str(_address(text))


def normal_network(text: str) -> str:
    """Return the one spelling of an address or a network in CIDR form. Raises Invalid (BAD_NETWORK)."""
    try:
        network = ip_network(text.strip())
    except ValueError as error:
        raise Invalid(
            f"This is no address or network: {_reason(error)}. Write 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32,"
            " without zeros in front, and with a network's first address.",
            code="BAD_NETWORK",
            path=("network",),
        ) from error
    if isinstance(network, IPv6Network) and network.prefixlen >= 96 and network.network_address.ipv4_mapped:
        return f"{network.network_address.ipv4_mapped}/{network.prefixlen - 96}"
    return str(network)


def address_is_allowed(address: str, networks: Iterable[Network]) -> bool:
    """Return whether one of the networks holds the address. No networks hold nobody. Source: SPEC AUTH-04."""
    try:
        seen = _address(address)
    except Invalid:
        return False
    return any(seen in network for network in networks)


def client_address(peer: str, forwarded_for: str | None, trusted: Sequence[Network]) -> str:
    """Return the address of whoever really asks: the last one that no trusted proxy vouches for.

    ``X-Forwarded-For`` is read from its right end, past trusted proxies only, so that what a client
    writes there itself is never believed. With proxies alone in it, the farthest one asks.
    Raises Invalid (BAD_ADDRESS) when a trusted proxy names something that is no address; guessing
    instead would let somebody in under the proxy's own. Source: SECURITY D6.
    """
    asking = _address(peer)
    hops = [hop.strip() for hop in (forwarded_for or "").split(",")]
    for hop in reversed([hop for hop in hops if hop]):  # empty list elements mean nothing (RFC 9110, 5.6.1)
        if not any(asking in network for network in trusted):
            break
        asking = _address(hop)
    return str(asking)


def login_wait_seconds(failures: int) -> int:
    """Return how long the next try waits after so many wrong ones: nothing at first, then doubling up to a cap."""
    return 0 if failures < FREE_ATTEMPTS else min(2 ** min(failures, 10), LONGEST_WAIT_SECONDS)


def guesser(address: str) -> str:
    """Return under what the tries from an address are counted: itself, or for IPv6 the whole line it belongs to."""
    seen = _address(address)
    if isinstance(seen, IPv4Address):
        return str(seen)
    return str(ip_network((int(seen), _LINE_BITS), strict=False))


def _address(text: str) -> Address:
    try:
        address = ip_address(text)
    except ValueError:
        raise Invalid(
            f"“{text[:60]}” is no IP address; write 203.0.113.7 or 2001:db8::7, without a port or leading zeros.",
            code="BAD_ADDRESS",
            path=("address",),
        ) from None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _reason(error: ValueError) -> str:
    return str(error)[:120].rstrip(".")
