"""Whether a service works: in use, paused or stopped.

A service that rests answers its API, its plugins' pages and its help center with a refusal, but for those who look
after the organization. What comes in by channels is stored and waits: a paused service files it once it is in use
again (channels/inbox.py). What was written before goes out, and jobs of plugins go on.
Source: SPEC-SETTINGS GEN-X11, GEN-X15, GEN-X16.
"""

from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import Conflict, Unavailable
from helpdesk.organization import operations
from helpdesk.organization.codes import CODES
from helpdesk.organization.queries import ServiceRow
from helpdesk.organization.rules import NEXT_STATES, ServiceState


def require_in_use(service: ServiceRow) -> None:
    """Raise Unavailable (SERVICE_PAUSED, SERVICE_STOPPED) unless the service is in use."""
    if service.state is ServiceState.PAUSED:
        raise Unavailable(CODES["SERVICE_PAUSED"], code="SERVICE_PAUSED")
    if service.state is ServiceState.STOPPED:
        raise Unavailable(CODES["SERVICE_STOPPED"], code="SERVICE_STOPPED")


def require_open(service: ServiceRow, actor: Actor) -> None:
    """Raise Unavailable as above for an actor who is known and does not look after the organization.

    The anonymous have no rights but to log in, which an organization administrator must be able to do.
    """
    if actor.kind is not ActorKind.ANONYMOUS and "organization.read" not in actor.rights:
        require_in_use(service)


@transactional
def set_state(actor: Actor, service_id: int, state: ServiceState) -> None:
    """Pause a service of the actor's organization, take it into use again, or stop it; as it is already is no change.

    Raises NotFound, and Conflict (BAD_STATE) for what may not follow. Records ServiceChanged.
    """
    actor.require("organization.write")
    row = operations.service_of_organization(actor, service_id)
    if state is not row.state and state not in NEXT_STATES[row.state]:
        raise Conflict(
            f"A service that is {row.state} cannot become {state}; a service is paused before it is stopped, and"
            " one that is stopped stays so.",
            code="BAD_STATE",
            path=("state",),
        )
    operations.change_service(actor, row, {"state": state})
