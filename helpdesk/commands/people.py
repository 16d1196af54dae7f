"""``helpdesk user add``: lets somebody work in a service."""

import click

from helpdesk.agents import operations as agents
from helpdesk.agents.rules import Role
from helpdesk.commands import passwords
from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.opening import opened, service_named
from helpdesk.kernel.db import transactional
from helpdesk.organization.queries import ServiceRow


@verb("add")
@click.option("--service", metavar="ID", help="The service's id; needed only where there are several.")
@click.option("--email", required=True, metavar="ADDRESS", help="The mail address, which is the name at log-in.")
@click.option("--name", help="The name that customers see. Default: the address before its @.")
@click.option("--role", type=click.Choice(["administrator", "agent"]), default="agent", show_default=True)
@click.option("--password", metavar="TEXT", help="The password; else it is asked for, or made without a terminal.")
def add(asked: Asked, *, service: str | None, email: str, name: str | None, role: str, password: str | None) -> None:
    """Add a member to the organization who works in the service."""
    with opened(asked):
        row = service_named(service)
        is_asking = passwords.is_terminal() and not asked.is_json
        chosen = passwords.choose(password, email=email, is_asking=is_asking)
        agent_id = _add(row, email=email, name=name or email.partition("@")[0], role=role, password=chosen.text)
    shown = f"; password {chosen.text} (shown this once)" if chosen.is_made else ""
    asked.answer(
        {"service": row.slug, "id": agent_id, "email": email, "role": role, "password": chosen.shown},
        f"{email} is an {role} of {row.slug} now{shown}.",
    )


@transactional
def _add(service: ServiceRow, *, email: str, name: str, role: str, password: str) -> int:
    member_id = agents.add_member(service.organization_id, email=email, name=name, password=password)
    return agents.add_agent(service.id, member_id, role=Role(role.upper()))
