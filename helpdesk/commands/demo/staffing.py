"""Hires whom a demo of very many tickets needs: up to 200 agents in up to 20 groups, each in one."""

from datetime import timedelta
from random import Random

from helpdesk.agents import operations as agents
from helpdesk.agents import queries
from helpdesk.agents.rules import Role
from helpdesk.commands.demo import phrases
from helpdesk.commands.demo.drawing import Person
from helpdesk.commands.demo.rows import Setting
from helpdesk.kernel.columns import to_micros
from helpdesk.kernel.db import is_sqlite, transactional
from helpdesk.organization.queries import ServiceRow, service_by_id

SPAN = timedelta(days=730)
TICKETS_PER_AGENT = 500
MOST_AGENTS = 200
TICKETS_PER_GROUP = 5_000
MOST_GROUPS = 20


@transactional
def staffed(service_id: int, account_id: int | None, *, total: int) -> Setting:
    """Return what a desk of so many tickets has in common, with the people it needs beside those who are there.

    The tickets fill the two years before the desk was made.
    """
    service = service_by_id(service_id)
    assert service is not None
    _hire(service, min(MOST_AGENTS, total // TICKETS_PER_AGENT), min(MOST_GROUPS, total // TICKETS_PER_GROUP))
    found = queries.agents_of_service(service.id)
    bosses = [row for row in found if row.role is Role.ADMINISTRATOR]
    group_of = {
        agent_id: group.id
        for group in queries.groups_of_service(service.id)
        for agent_id in queries.agent_ids_of_group(group.id)
    }
    ends_at = to_micros(service.created_at)
    return Setting(
        service_id=service.id,
        account_id=account_id,
        administrator=Person(bosses[0].id, bosses[0].name, None),
        agents=[Person(row.id, row.name, group_of.get(row.id)) for row in found if row.role is Role.AGENT],
        total=total,
        begins_at=to_micros(service.created_at - SPAN),
        ends_at=ends_at,
        is_packed=not is_sqlite(),
    )


def _hire(service: ServiceRow, agent_count: int, group_count: int) -> None:
    names = {name: text.split() for name, text in phrases.words()["names"].items()}
    groups = {row.name: row.id for row in queries.groups_of_service(service.id)}
    for name in names["groups"][: max(group_count - len(groups), 0)]:
        groups.setdefault(name, 0)
    ids = [group_id or agents.create_group(service.id, name) for name, group_id in groups.items()]
    random = Random(phrases.SEED)  # noqa: S311  # no secret
    present = [row for row in queries.agents_of_service(service.id) if row.role is Role.AGENT]
    for place in range(len(present), agent_count):
        given = random.randrange(len(names["given"]))
        name, local = random.choice(names["family"]) + names["given"][given], names["latin"][given]
        member_id = agents.add_member(
            service.organization_id, email=f"{local}{place}@demo.example", name=name, password=None
        )
        agent_id = agents.add_agent(service.id, member_id, role=Role.AGENT)
        agents.add_to_group(ids[int(len(ids) * random.random() ** 2)], agent_id)
