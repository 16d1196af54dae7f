"""Plays the stories: customers ask and agents answer, by the same operations as in any desk."""

from collections.abc import Mapping
from dataclasses import dataclass

from helpdesk.commands.demo.stories import Story
from helpdesk.kernel import actors
from helpdesk.kernel.actors import Actor
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.attachments import NewFile
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import Asker, TicketStatus, body_of

TEXT = "text/plain"


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays: agents by name, group ids by name, and who may complete a ticket."""

    administrator: Actor
    agents: Mapping[str, Actor]
    groups: Mapping[str, int]
    account_id: int


def tell(story: Story, cast: Cast) -> None:
    """Make the ticket of a story and everything that happened in it."""
    system = actors.system(cast.administrator.service_id)
    asker = Asker(name=story.name, email=story.email, phone=story.phone)
    files = [NewFile(name, TEXT, data) for name, data in story.files.items()]
    new = NewTicket(
        story.subject, body_of(story.text), story.channel, story.language, asker,
        account_id=cast.account_id if story.channel == "email" else None, priority=story.priority, files=files,
    )  # fmt: skip
    ticket_id = tickets.create(system, new).ticket_id
    agent = cast.agents[story.agent] if story.agent else None
    if story.agent or story.group:
        group_id = cast.groups[story.group] if story.group else None
        tickets.assign(system, ticket_id, agent_id=agent.id if agent else None, group_id=group_id)
    for step, text in story.steps:
        _play(step, text, ticket_id, agent=agent or cast.administrator, asker=asker)
    _end(story.status, ticket_id, cast.administrator)


def _play(step: str, text: str, ticket_id: int, *, agent: Actor, asker: Asker) -> None:
    if step == "again":
        tickets.receive(actors.system(agent.service_id), ticket_id, body_of(text), asker=asker)
    elif step == "note":
        tickets.add_note(agent, ticket_id, body_of(text))
    else:
        tickets.reply(agent, ticket_id, body_of(text))


def _end(status: TicketStatus, ticket_id: int, administrator: Actor) -> None:
    """Bring the ticket to the status in which its story ends."""
    if status is TicketStatus.COMPLETED:
        tickets.set_status(administrator, ticket_id, TicketStatus.RESOLVED)
    if status is not TicketStatus.NEW:
        tickets.set_status(administrator, ticket_id, status)
