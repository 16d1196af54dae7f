"""Who acts, and with which rights. Rooms check rights here; what each right means is written in access/rules.py."""

from dataclasses import dataclass
from enum import StrEnum

from helpdesk.kernel.errors import Forbidden, Unauthenticated


class ActorKind(StrEnum):
    """What sort of party acts; kept with every history row."""

    AGENT = "agent"
    MEMBER = "member"
    CUSTOMER = "customer"
    SERVICE_KEY = "service_key"
    PLUGIN = "plugin"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Actor:
    """One party acting in one service.

    ``id`` is the agent's, member's, customer's or key's; None for the others. A member looks after the organization
    and is no agent of the service. A plugin goes by its title, and holds the rights that its class declares.
    """

    kind: ActorKind
    service_id: int
    id: int | None = None
    name: str = ""
    rights: frozenset[str] = frozenset()

    def may(self, right: str) -> bool:
        """Return whether the actor holds the right; the system itself holds every one."""
        return self.kind is ActorKind.SYSTEM or right in self.rights

    def require(self, right: str) -> None:
        """Raise Forbidden unless the actor holds the right.

        Raises Unauthenticated when nobody is known to be asking.
        """
        if self.kind is ActorKind.ANONYMOUS:
            raise Unauthenticated("Send a service key or a session token as “Authorization: Bearer …”.")
        if not self.may(right):
            raise Forbidden(f"This needs the right “{right}”; ask an administrator to grant it.")


def system(service_id: int) -> Actor:
    """Return the actor for what the desk does by itself, such as filing a mail."""
    return Actor(ActorKind.SYSTEM, service_id, name="system")
