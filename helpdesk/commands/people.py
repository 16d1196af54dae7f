"""``helpdesk user add``: lets somebody work in a service, or look after the organization, or both."""

import click

from helpdesk.agents import administrators
from helpdesk.agents import operations as agents
from helpdesk.agents.rules import Role
from helpdesk.commands import passwords
from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.opening import opened, service_named
from helpdesk.kernel import actors
from helpdesk.kernel.db import transactional
from helpdesk.organization.queries import ServiceRow


@verb("add")
@click.option("--service", metavar="ID", help="The service's id; needed only where there are several.")
@click.option("--email", required=True, metavar="ADDRESS", help="The mail address, which is the name at log-in.")
@click.option("--name", help="The name that customers see. Default: the address before its @.")
@click.option(
    "--role",
    type=click.Choice(["administrator", "agent"]),
    help="What they are in the service. Default: agent; none with --organization-admin.",
)
@click.option("--group", metavar="NAME", help="Their group, made if there is none. Default: the service's oldest one.")
@click.option(
    "--organization-admin", is_flag=True, help="Let them look after the organization; by that alone they see no ticket."
)
@click.option("--password", metavar="TEXT", help="The password; else it is asked for, or made without a terminal.")
def add(
    asked: Asked,
    *,
    service: str | None,
    email: str,
    name: str | None,
    role: str | None,
    group: str | None,
    organization_admin: bool,
    password: str | None,
) -> None:
    """Add a member to the organization who works in the service, or looks after the organization."""
    if role is None and not organization_admin:
        role = "agent"
    with opened(asked):
        row = service_named(service)
        is_asking = passwords.is_terminal() and not asked.is_json
        chosen = passwords.choose(password, email=email, is_asking=is_asking)
        agent_id = _add(
            row, email=email, name=name or email.partition("@")[0], role=role, group=group, password=chosen.text,
            is_above=organization_admin,
        )  # fmt: skip
    places = [f"an {role} of {row.slug}"] if role else []
    places += ["an administrator of the organization"] if organization_admin else []
    shown = f"; password {chosen.text} (shown this once)" if chosen.is_made else ""
    asked.answer(
        {
            "service": row.slug,
            "id": agent_id,
            "email": email,
            "role": role,
            "is_organization_admin": organization_admin,
            "password": chosen.shown,
        },
        f"{email} is {' and '.join(places)} now{shown}.",
    )


@transactional
def _add(
    service: ServiceRow,
    *,
    email: str,
    name: str,
    role: str | None,
    group: str | None,
    password: str,
    is_above: bool,
) -> int | None:
    """Add them and return the id of the agent, None for somebody who works in no service."""
    member_id = agents.add_member(service.organization_id, email=email, name=name, password=password)
    if is_above:
        administrators.appoint(actors.system(service.id), member_id)
    if role is None:
        return None
    agent_id = agents.add_agent(service.id, member_id, role=Role(role.upper()))
    agents.add_to_group(agents.group_named(service.id, group), agent_id)
    return agent_id
