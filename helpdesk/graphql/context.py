"""What every resolver is given: who asks, in which service, and what links are built from."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import strawberry

from helpdesk.access.rules import Client, client
from helpdesk.hosting import addresses
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.settings import Settings
from helpdesk.organization.queries import ServiceRow


@dataclass(frozen=True, slots=True)
class Context:
    """One request's context. ``address`` is the caller's, as far as proxies are trusted.

    ``token`` is the bearer token that came with the request, which only telling and ending sessions needs.
    ``user_agent`` is what the caller's program calls itself.
    ``seen`` holds rows that the present operation has loaded (batching.recall).
    """

    actor: Actor
    service: ServiceRow
    settings: Settings
    address: str
    token: str | None = field(default=None, repr=False)
    user_agent: str = field(default="", repr=False)
    seen: dict[Any, dict[int, Any]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def client(self) -> Client:
        """From where the caller comes, as it is kept with a session."""
        return client(self.address, self.user_agent)

    @property
    def url(self) -> str:
        """The service's address, without a slash at its end."""
        return addresses.of_service(self.service.slug, "")


if TYPE_CHECKING:
    Info: TypeAlias = strawberry.Info[Context, Any]
else:
    Info = strawberry.Info
