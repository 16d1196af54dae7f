"""Makes the demo's desk, or takes up the one that an earlier run has left in the folder.

All of it is one transaction: a run that was killed meanwhile leaves no half of a desk. Keys and
passwords of earlier runs cannot be shown again, so each run makes new ones and ends the old.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from helpdesk.access import operations as access
from helpdesk.access import queries as keys
from helpdesk.access import sessions
from helpdesk.access.rules import rights_of_agent
from helpdesk.agents import administrators
from helpdesk.agents import operations as agents
from helpdesk.agents import queries as agent_queries
from helpdesk.agents.rules import Role
from helpdesk.channels import accounts
from helpdesk.channels import queries as channels
from helpdesk.channels.rules import MAIL_DRIVER
from helpdesk.commands import passwords
from helpdesk.commands.demo.stories import Story
from helpdesk.commands.demo.telling import Cast, tell
from helpdesk.commands.keys import create_key
from helpdesk.kernel import actors
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import Conflict, NotFound
from helpdesk.organization import operations as organization
from helpdesk.organization import queries

SLUG = "demo"
NAMES = {"ko": "데모상점 고객센터", "en": "Demo Store Support"}
ADDRESS = "support@demo.example"
ADMINISTRATOR = ("admin@demo.example", "데모 관리자")
AGENTS = (("jiwoo@demo.example", "한지우"), ("sehun@demo.example", "오세훈"), ("emma@demo.example", "Emma Clarke"))
GROUPS = {"배송팀": ("한지우",), "기술지원팀": ("오세훈", "Emma Clarke")}
KEY_NAME = "demo"
LOOPBACK = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True, slots=True)
class DemoDesk:
    """What a run of the demo shows, and the mail account that it feeds."""

    service_id: int
    account_id: int
    key: str = field(repr=False)
    admin_email: str
    admin_password: str = field(repr=False)


@transactional
def open_desk(told: Sequence[Story], *, smtp_port: int) -> DemoDesk:
    """Make the desk by the stories unless it is there, and return it with a new key and a new password.

    Raises Conflict for a desk that is not the demo's: nothing of it is touched.
    """
    present = [service.slug for service in queries.services()]
    if present not in ([], [SLUG]):
        raise Conflict(
            f"The folder holds a desk of its own ({', '.join(present)}), which the demo leaves alone;"
            " name another folder by --data.",
            code="NOT_THE_DEMO",
        )
    if not present:
        _make(told, smtp_port)
    return _taken_up(smtp_port)


def _make(told: Sequence[Story], smtp_port: int) -> None:
    """Make the service, its people, its mail account and what has happened so far."""
    organization_id = organization.create_organization("Demo Store")
    service_id = organization.create_service(
        organization_id, slug=SLUG, names=NAMES, languages=tuple(NAMES), default_language="ko", time_zone="Asia/Seoul"
    )
    email, name = ADMINISTRATOR
    administrator = _hire(organization_id, service_id, email=email, name=name, role=Role.ADMINISTRATOR)
    administrators.appoint(actors.system(service_id), _administrator(service_id))
    staff = {name: _hire(organization_id, service_id, email=email, name=name) for email, name in AGENTS}
    cast = Cast(administrator, staff, _groups(service_id, staff), _account(administrator, smtp_port))
    for story in told:
        tell(story, cast)


def _hire(organization_id: int, service_id: int, *, email: str, name: str, role: Role = Role.AGENT) -> Actor:
    member_id = agents.add_member(organization_id, email=email, name=name, password=None)
    agent_id = agents.add_agent(service_id, member_id, role=role)
    return Actor(ActorKind.AGENT, service_id, agent_id, name, rights_of_agent(role))


def _groups(service_id: int, staff: dict[str, Actor]) -> dict[str, int]:
    made = {name: agents.create_group(service_id, name) for name in GROUPS}
    for name, members in GROUPS.items():
        for member in members:
            agents.add_to_group(made[name], staff[member].id or 0)
    return made


def _account(administrator: Actor, smtp_port: int) -> int:
    settings = {
        "address": ADDRESS,
        "sender_name": NAMES["en"],
        "smtp_host": "127.0.0.1",
        "smtp_port": smtp_port,
        "smtp_security": "none",
    }
    return accounts.create(administrator, driver=MAIL_DRIVER, name="support", settings=settings, is_primary=True)


def _taken_up(smtp_port: int) -> DemoDesk:
    """Return the desk that is there: its mail goes to the server of this run, the key and password are new."""
    service = queries.service_by_slug(SLUG)
    account = channels.primary_account(service.id, MAIL_DRIVER) if service else None
    if service is None or account is None:
        raise NotFound("The demo's mail account was deleted; start again in another folder, by --data.")
    system = actors.system(service.id)
    if account.settings.get("smtp_port") != smtp_port:
        accounts.update(system, account.id, settings={"smtp_port": smtp_port})
    password = passwords.make().text
    sessions.change_password(_administrator(service.id), password)
    return DemoDesk(service.id, account.id, _new_key(system), ADMINISTRATOR[0], password)


def _administrator(service_id: int) -> int:
    found = [row for row in agent_queries.agents_of_service(service_id) if row.email == ADMINISTRATOR[0]]
    if not found:
        raise NotFound("The demo's administrator is gone; start again in another folder, by --data.")
    return found[0].member_id


def _new_key(system: Actor) -> str:
    for row in keys.keys_of_service(system.service_id):
        if row.name == KEY_NAME and row.revoked_at is None:
            access.revoke_key(system, row.id)
    return create_key(system, KEY_NAME, LOOPBACK).token
