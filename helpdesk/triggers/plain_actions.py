"""The desk's own actions: what an agent could do by hand. Source: SPEC TRG-11, TRG-12."""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from helpdesk.sdk.action import (
    Action,
    ActionSettings,
    AddNote,
    AddTags,
    Assign,
    Effect,
    Reply,
    SetStatus,
)
from helpdesk.sdk.facts import TicketFacts
from helpdesk.tickets.rules import LONGEST_BODY, LONGEST_TAG, MOST_TAGS, TicketStatus

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_BODY)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TAG)]


class StatusSettings(ActionSettings):
    """Where the ticket is to go."""

    status: TicketStatus = Field(description="The status to go to, such as RESOLVED.")


class AssignSettings(ActionSettings):
    """Who is to have the ticket."""

    agent_id: int | None = Field(
        None, gt=0, description="The agent; left out for nobody.", json_schema_extra={"reference": "Agent"}
    )
    group_id: int | None = Field(
        None,
        gt=0,
        description="The group; left out for the one that the ticket has.",
        json_schema_extra={"reference": "AgentGroup"},
    )

    @model_validator(mode="after")
    def _anybody(self) -> Self:
        if self.agent_id is None and self.group_id is None:
            raise ValueError("name an agent, a group, or both")
        return self


class ReplySettings(ActionSettings):
    """What the customer is told."""

    text: Words = Field(description="The answer.")


class NoteSettings(ActionSettings):
    """What is noted."""

    text: Words = Field(description="The note; customers never see it.")


class TagSettings(ActionSettings):
    """Which tags."""

    tags: list[Tag] = Field(min_length=1, max_length=MOST_TAGS, description="The tags to put on the ticket.")

    @field_validator("tags")
    @classmethod
    def _on_one_line(cls, tags: list[str]) -> list[str]:
        if any("\n" in tag for tag in tags):
            raise ValueError("a tag is one line")
        return tags


class SetStatusAction(Action):
    """Moves the ticket to a status."""

    title: ClassVar = {"en": "Set the status", "ko": "상태 변경"}
    Settings: ClassVar = StatusSettings

    def run(self, ticket: TicketFacts) -> Iterable[Effect]:
        return [SetStatus(self.settings.status)] if ticket.status != self.settings.status else []


class AssignAction(Action):
    """Gives the ticket to an agent, a group, or both."""

    title: ClassVar = {"en": "Assign", "ko": "담당자 지정"}
    Settings: ClassVar = AssignSettings

    def run(self, ticket: TicketFacts) -> Iterable[Effect]:
        return [Assign(self.settings.agent_id, self.settings.group_id or ticket.group_id)]


class ReplyAction(Action):
    """Answers the customer."""

    title: ClassVar = {"en": "Answer", "ko": "답변 보내기"}
    Settings: ClassVar = ReplySettings

    def run(self, ticket: TicketFacts) -> Iterable[Effect]:  # noqa: ARG002  # the same to everybody
        return [Reply(self.settings.text)]


class AddNoteAction(Action):
    """Leaves a note."""

    title: ClassVar = {"en": "Add a note", "ko": "메모 남기기"}
    Settings: ClassVar = NoteSettings

    def run(self, ticket: TicketFacts) -> Iterable[Effect]:  # noqa: ARG002  # the same everywhere
        return [AddNote(self.settings.text)]


class AddTagsAction(Action):
    """Puts tags on the ticket."""

    title: ClassVar = {"en": "Add tags", "ko": "태그 추가"}
    Settings: ClassVar = TagSettings

    def run(self, ticket: TicketFacts) -> Iterable[Effect]:  # noqa: ARG002  # the same everywhere
        return [AddTags(tuple(self.settings.tags))]
