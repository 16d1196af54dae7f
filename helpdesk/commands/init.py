"""``helpdesk init``: makes the first organization, service and administrator, and applies missing migrations.

It may be run again: on a desk that has a service it only migrates. Further services are not its matter.
"""

from dataclasses import dataclass

import click

from helpdesk import app
from helpdesk.agents import operations as agents
from helpdesk.agents.rules import Role
from helpdesk.commands import passwords
from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.passwords import Password
from helpdesk.kernel import db
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import Conflict, Invalid
from helpdesk.kernel.settings import Settings
from helpdesk.organization import operations as organization
from helpdesk.organization import queries


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the first service and its administrator are to be."""

    service: str
    name: str
    languages: tuple[str, ...]
    time_zone: str
    admin_email: str
    password: Password


@verb("init")
@click.option("--yes", is_flag=True, help="Ask nothing: what no option names takes its default.")
@click.option("--service", metavar="ID", help="The service's id in every address; it never changes. Default: desk.")
@click.option("--name", help="The name that people see. Default: Helpdesk.")
@click.option("--languages", metavar="CODES", help="The languages, the default one first. Default: ko,en.")
@click.option("--time-zone", metavar="ZONE", help="An IANA time zone. Default: Asia/Seoul.")
@click.option("--admin-email", metavar="ADDRESS", help="The administrator's mail address, who logs in by it.")
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
    app.start(chosen)
    with db.connection():
        present = [row.slug for row in queries.services()]
        if present:
            _greet_old(asked, chosen, present, service)
            return
        is_asking = passwords.is_terminal() and not yes
        wanted = Wanted(
            _ask("The service's id in every address", service, "desk", is_asking=is_asking),
            _ask("The name that people see", name, "Helpdesk", is_asking=is_asking),
            _codes(_ask("The languages, the default one first", languages, "ko,en", is_asking=is_asking)),
            _ask("The time zone", time_zone, "Asia/Seoul", is_asking=is_asking),
            _ask("The administrator's mail address", admin_email, None, is_asking=is_asking),
            passwords.choose(admin_password, is_asking=is_asking),
        )
        _make(wanted)
    _greet_new(asked, chosen, wanted)


def _ask(question: str, given: str | None, default: str | None, *, is_asking: bool) -> str:
    if given is not None:
        return given
    if is_asking:
        return str(click.prompt(question, default=default, err=True))
    if default is None:
        raise Invalid("Name the administrator's mail address by --admin-email.", path=("admin_email",))
    return default


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip() for code in text.split(",") if code.strip())


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
    agents.add_agent(service_id, member_id, role=Role.ADMINISTRATOR)


def _greet_old(asked: Asked, chosen: Settings, present: list[str], service: str | None) -> None:
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
        f"Administrator: {wanted.admin_email}{shown}\n"
        "Next: helpdesk run, and helpdesk key create --allow 127.0.0.1 for a key to its GraphQL API.",
    )
