"""``helpdesk init``: makes the first organization, service and administrator of both, and applies missing migrations.

All that is wanted is checked before anything is written: a failed init leaves no folder, database or keys.
It may be run again: on a desk that has a service it only migrates. Further services are not its matter.
"""

import click

from helpdesk import starting
from helpdesk.agents import administrators
from helpdesk.agents import operations as agents
from helpdesk.agents.rules import Role
from helpdesk.commands import passwords
from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.opening import has_desk, make_folder
from helpdesk.commands.wanted import ADMIN_EMAIL, Wanted, decide
from helpdesk.kernel import actors, db
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.settings import Settings
from helpdesk.organization import operations as organization
from helpdesk.organization import queries


@verb("init")
@click.option("--yes", is_flag=True, help="Ask nothing: what no option names takes its default.")
@click.option("--service", metavar="ID", help="The service's id in every address; it never changes. Default: desk.")
@click.option("--name", help="The name that people see. Default: Helpdesk.")
@click.option("--languages", metavar="CODES", help="The languages, the default one first. Default: ko,en.")
@click.option("--time-zone", metavar="ZONE", help="An IANA time zone. Default: Asia/Seoul.")
@click.option("--admin-email", metavar="ADDRESS", help=f"The administrator's, for log-in. Default: {ADMIN_EMAIL}.")
@click.option("--admin-password", metavar="TEXT", help="The administrator's password; one is made if none is given.")
def init(
    asked: Asked,
    *,
    yes: bool,
    service: str | None,
    name: str | None,
    languages: str | None,
    time_zone: str | None,
    admin_email: str | None,
    admin_password: str | None,
) -> None:
    """Make a desk: its database, the first service and an administrator; on an old one, apply what is new."""
    chosen = asked.quiet_settings()
    if present := _present(chosen):
        _greet_old(asked, chosen, present=present, service=service)
        return
    given = {
        "service": service,
        "name": name,
        "languages": languages,
        "time_zone": time_zone,
        "admin_email": admin_email,
    }
    wanted = decide(given, admin_password, is_asking=passwords.is_terminal() and not yes)
    make_folder(chosen.data_dir)
    starting.start(chosen)
    with db.connection():
        _make(wanted)
    _greet_new(asked, chosen, wanted)


def _present(chosen: Settings) -> list[str]:
    """Return the ids of the services of an old desk, which is migrated by it; none, and nothing made, for a new one."""
    if not has_desk(chosen):
        return []
    starting.start(chosen)
    with db.connection():
        return [row.slug for row in queries.services()]


@transactional
def _make(wanted: Wanted) -> None:
    """Make everything or nothing. Raises Conflict when somebody else was first."""
    if queries.services():
        raise Conflict("Somebody else has just made this desk; run helpdesk doctor to see it.")
    organization_id = organization.create_organization(wanted.name)
    service_id = organization.create_service(
        organization_id,
        slug=wanted.service,
        names=dict.fromkeys(wanted.languages, wanted.name),
        languages=wanted.languages,
        default_language=next(iter(wanted.languages), ""),
        time_zone=wanted.time_zone,
    )
    name = wanted.admin_email.partition("@")[0]
    member_id = agents.add_member(organization_id, email=wanted.admin_email, name=name, password=wanted.password.text)
    agent_id = agents.add_agent(service_id, member_id, role=Role.ADMINISTRATOR)
    agents.add_to_group(agents.group_named(service_id), agent_id)
    administrators.appoint(actors.system(service_id), member_id)


def _greet_old(asked: Asked, chosen: Settings, *, present: list[str], service: str | None) -> None:
    if service is not None and service not in present:
        raise Conflict(f"This desk has a service already ({', '.join(present)}); init makes only the first one.")
    text = f"The desk is up to date. It has: {', '.join(present)}."
    asked.answer({"is_new": False, "services": present, "data": str(chosen.data_dir.resolve())}, text)


def _greet_new(asked: Asked, chosen: Settings, wanted: Wanted) -> None:
    administrator = {"email": wanted.admin_email, "password": wanted.password.shown}
    data = str(chosen.data_dir.resolve())
    shown = f", password {wanted.password.text} (shown this once)" if wanted.password.is_made else ""
    asked.answer(
        {"is_new": True, "services": [wanted.service], "admin": administrator, "data": data},
        f"The desk is made: service {wanted.service} in {data}.\n"
        f"Administrator: {wanted.admin_email}{shown}\n{_placeholder(wanted.admin_email)}"
        "Next: helpdesk run, and helpdesk key create --allow 127.0.0.1 for a key to its GraphQL API.\n"
        "Answers by mail go nowhere until there is a mail account: see “A mail account” in the README.",
    )


def _placeholder(email: str) -> str:
    if email != ADMIN_EMAIL:
        return ""
    return f"{email} is a placeholder: it is the name at log-in, and no mail reaches it. --admin-email names another.\n"
