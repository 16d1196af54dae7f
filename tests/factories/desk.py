"""A desk with one service, an administrator and an agent, on whatever database the process is using."""

from dataclasses import dataclass

from helpdesk import wiring
from helpdesk.access.authentication import actor_of
from helpdesk.access.rules import ORGANIZATION_ADMINISTRATOR_RIGHTS, SERVICE_KEY_RIGHTS
from helpdesk.agents import administrators
from helpdesk.agents import operations as agents
from helpdesk.agents.queries import agents_by_ids
from helpdesk.agents.rules import Role
from helpdesk.kernel import actors, crypto, http, jobs, keyfile, storage
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.settings import Settings
from helpdesk.organization import operations as organization
from helpdesk.plugins import guard

PASSWORD = "rain on the harbour"  # of people who do not exist


@dataclass(frozen=True)
class Desk:
    """What a test starts from."""

    organization_id: int
    service_id: int
    administrator: Actor
    agent: Actor
    partner: Actor
    settings: Settings

    def run_jobs(self) -> None:
        """Do everything that is due, as a worker would."""
        jobs.drain_all()


def ready(settings: Settings) -> None:
    """Ready the process on a migrated database, with cheap passwords, no plugins and no memory of their failures."""
    forgive()
    crypto.use(keyfile.follow(settings))
    crypto.use_passwords(crypto.PasswordHashes(time_cost=1, memory_cost=8, parallelism=1))
    storage.use(storage.LocalStorage(settings.data_dir / "files"))
    http.use(http.OutgoingClient(settings.outgoing_allow))
    jobs.use(settings, secret=crypto.keyring().secret_for("jobs"))
    wiring.wire(settings)


def forgive() -> None:
    """Forget what every plugin did: none rests, and nothing is left to be written."""
    guard.reset()


def make_desk(settings: Settings, *, slug: str = "demo") -> Desk:
    """Make a service with its people."""
    organization_id = organization.create_organization("Demo")
    service_id = organization.create_service(
        organization_id, slug=slug, names={"ko": "데모", "en": "Demo"}, languages=["ko", "en"],
        default_language="ko", time_zone="Asia/Seoul",
    )  # fmt: skip
    administrator = hire(organization_id, service_id, "admin@demo.example", Role.ADMINISTRATOR)
    agent = hire(organization_id, service_id, "agent@demo.example", Role.AGENT)
    partner = Actor(ActorKind.SERVICE_KEY, service_id, 1, "partner", SERVICE_KEY_RIGHTS)
    return Desk(organization_id, service_id, administrator, agent, partner, settings)


def hire(organization_id: int, service_id: int, email: str, role: Role) -> Actor:
    """Make a member with the password above, an agent of the service, and return the actor."""
    name = email.partition("@")[0]
    member = agents.add_member(organization_id, email=email, name=name, password=PASSWORD)
    agent_id = agents.add_agent(service_id, member, role=role)
    return acting(agent_id)


def acting(agent_id: int) -> Actor:
    """Return the agent as the actor that it is now."""
    row = agents_by_ids([agent_id])[0]
    assert row is not None
    return actor_of(row)


def appoint(desk: Desk, email: str) -> int:
    """Make a member with the password above who looks after the organization and is no agent, and return the id."""
    name = email.partition("@")[0]
    member_id = agents.add_member(desk.organization_id, email=email, name=name, password=PASSWORD)
    administrators.appoint(actors.system(desk.service_id), member_id)
    return member_id


def above(desk: Desk, member_id: int = 1) -> Actor:
    """Return the member as the actor who looks after the organization and is no agent of the service."""
    return Actor(ActorKind.MEMBER, desk.service_id, member_id, "boss", ORGANIZATION_ADMINISTRATOR_RIGHTS)
