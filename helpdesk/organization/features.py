"""What the contract of a service leaves on: the features, in words, and the one way to ask for one.

A feature that is off is hidden wherever it would be met: rooms, pages and plugins ask here. Off are those that are
named in the row of the service, so that what a service has today it has until somebody switches it off.
The described product lets a contract change once a day and shows prices (SPEC-SETTINGS GEN-X13, GEN-X14, GEN-X17):
that is its billing, and is not built. Phone has two switches, as SPEC DIS-14 decides.
Source: SPEC GEN-02, SPEC-SETTINGS GEN-X10.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import Conflict, Invalid, NotFound
from helpdesk.organization import operations
from helpdesk.organization.codes import CODES
from helpdesk.organization.queries import ServiceRow, service_by_id

TICKET = "ticket"
CUSTOMERS = "endusermanagement"

FEATURES: Mapping[str, str] = {
    TICKET: "Tickets; always on.",
    "chat": "Chats with customers.",
    "telticket": "Tickets from calls that come in, by CTI.",
    "telticketoutbound": "Calls to customers, by CTI, with the calling numbers.",
    CUSTOMERS: "Customer management: the list of customers, and finding one.",
    "callback": "Callbacks that customers ask for by phone.",
    "helpdoc": "FAQ in the help center.",
    "knowledge": "Guides and knowledge for agents.",
    "issuetransferstatistics": "Statistics of tickets that were transferred as issues.",
    "reinquiryrate": "The rate of customers who ask again.",
    "smssend": "Sending SMS.",
    "smssendingstatus": "The list of SMS that were sent.",
    "electronicboard": "The display board.",
    "ticketevaluation": "Evaluation of handled tickets.",
    "happycall": "Happy calls: asking customers whether they are content.",
    "security": "Masking, log linkage and the spam list.",
}
"""Each feature by its code, and what it governs."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of one service."""

    code: str
    description: str
    is_on: bool


def features_of(service: ServiceRow) -> list[Feature]:
    """Return all features with their switches, in the order above."""
    return [Feature(code, words, code not in service.features_off) for code, words in FEATURES.items()]


def has_feature(service: int | ServiceRow, feature: str) -> bool:
    """Return whether the feature is on in the service: of an id, or the row where it is at hand.

    Raises Invalid (UNKNOWN_FEATURE), and NotFound.
    """
    _check(feature)
    row = service_by_id(service) if isinstance(service, int) else service
    if row is None:
        raise NotFound("There is no such service.")
    return feature not in row.features_off


def require_feature(service: int | ServiceRow, feature: str) -> None:
    """Raise Conflict (FEATURE_OFF) unless the feature is on in the service."""
    if not has_feature(service, feature):
        raise Conflict(f"{CODES['FEATURE_OFF']} It is “{feature}”.", code="FEATURE_OFF")


@transactional
def set_feature(actor: Actor, service_id: int, feature: str, is_on: bool) -> None:
    """Switch a feature of a service of the actor's organization; as it is already is no change.

    Raises NotFound, Invalid (UNKNOWN_FEATURE), and Conflict (FEATURE_ALWAYS_ON). Records ServiceChanged.
    """
    actor.require("organization.write")
    row = operations.service_of_organization(actor, service_id)
    _check(feature)
    if feature == TICKET and not is_on:
        raise Conflict("Tickets are what a service is for: they are always on.", code="FEATURE_ALWAYS_ON")
    off = set(row.features_off) - {feature} if is_on else {*row.features_off, feature}
    operations.change_service(actor, row, {"features_off": sorted(off)})


def _check(feature: str) -> None:
    if feature not in FEATURES:
        raise Invalid(
            f"There is no feature “{feature[:40]}”; there are {', '.join(FEATURES)}.",
            code="UNKNOWN_FEATURE",
            path=("feature",),
        )
