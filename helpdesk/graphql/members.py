"""How members come in, in the schema: invitations and passwords.

A link is told in an answer only where no mail can carry it, and then this once.
"""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from typing import Any

import strawberry

from helpdesk.access import invitations, passwords
from helpdesk.agents.queries import members_by_ids
from helpdesk.graphql.access import MemberSession, Session, told_session
from helpdesk.graphql.agents import Member
from helpdesk.graphql.arguments import Input
from helpdesk.graphql.context import Info
from helpdesk.graphql.user_errors import Payload, answers


@strawberry.input(description="Who is to become a member.")
class MemberInviteInput:
    """Who is to become a member."""

    email: str = strawberry.field(description="The mail address, with which they will log in.")
    name: str = strawberry.field(description="Their name; they may write another one as they accept.")


@strawberry.type(description="The member who was invited.")
class MemberInvitePayload(Payload):
    """The member who was invited."""

    member: Member | None = strawberry.field(default=None, description="The member; null on errors.")
    is_mailed: bool | None = strawberry.field(
        default=None,
        description="Whether a mail is on its way; false where the service has no mail account; null on errors.",
    )
    link: str | None = strawberry.field(
        default=None,
        description="Where no mail is on its way, the link to hand to them, told this once; null otherwise.",
    )


@strawberry.input(description="How somebody accepts an invitation.")
class InvitationAcceptInput:
    """How somebody accepts an invitation."""

    token: str = strawberry.field(description="What stands behind the # of the link.")
    password: str = strawberry.field(description="The password that they choose: at least 10 characters.")
    name: str | None = strawberry.field(
        default=None, description="Their name, if it is not the one that they were invited by."
    )


@strawberry.type(description="The member who has come in, and the session that began.")
class InvitationAcceptPayload(Payload):
    """The member who has come in."""

    member: Member | None = strawberry.field(default=None, description="The member; null on errors.")
    session: Session | None = strawberry.field(
        default=None, description="The session of an agent of the service; null for others and on errors."
    )
    member_session: MemberSession | None = strawberry.field(
        default=None,
        description="The session of an organization administrator who is no agent of the service; null for others,"
        " such as a member who works nowhere yet.",
    )


@strawberry.input(description="Who has forgotten a password.")
class PasswordResetRequestInput:
    """Who has forgotten a password."""

    email: str = strawberry.field(description="The mail address with which they log in.")


@strawberry.type(description="That the request was taken, whoever it names.")
class PasswordResetRequestPayload(Payload):
    """That the request was taken."""

    is_taken: bool | None = strawberry.field(
        default=None, description="True for every address: whether it is a member's is told by the mail alone."
    )


@strawberry.input(description="A new password, by the link of a mail.")
class PasswordResetInput:
    """A new password, by the link of a mail."""

    token: str = strawberry.field(description="What stands behind the # of the link.")
    password: str = strawberry.field(description="The new password: at least 10 characters.")


@strawberry.type(description="That the password was set.")
class PasswordResetPayload(Payload):
    """That the password was set."""

    is_done: bool | None = strawberry.field(default=None, description="True once it is set; null on errors.")


@strawberry.input(description="A new password, by the present one.")
class PasswordChangeInput:
    """A new password, by the present one."""

    current_password: str = strawberry.field(description="The password as it is now.")
    password: str = strawberry.field(description="The new password: at least 10 characters.")


@strawberry.type(description="That the password was changed.")
class PasswordChangePayload(Payload):
    """That the password was changed."""

    is_done: bool | None = strawberry.field(default=None, description="True once it is changed; null on errors.")


@strawberry.type
class MemberMutations:
    """Mutations by which members come in."""

    @strawberry.mutation(
        description=(
            "Invite somebody to the organization by mail; the link works once, for 24 hours. Inviting again whoever has"
            " not accepted sends a new link and ends the older."
        )
    )
    @answers(MemberInvitePayload)
    def member_invite(self, info: Info, input: Input[MemberInviteInput]) -> MemberInvitePayload:
        """Invite somebody."""
        made = invitations.invite(info.context.actor, email=input.email, name=input.name)
        return MemberInvitePayload(member=_member(made.member_id), is_mailed=made.link is None, link=made.link)

    @strawberry.mutation(description="Set the first password by the token of an invitation, and begin a session.")
    @answers(InvitationAcceptPayload)
    def invitation_accept(self, info: Info, input: Input[InvitationAcceptInput]) -> InvitationAcceptPayload:
        """Accept an invitation."""
        context = info.context
        accepted = invitations.accept(
            context.service.id, input.token, input.password, context.client, name=input.name,
            session_seconds=context.settings.session_seconds,
        )  # fmt: skip
        return InvitationAcceptPayload(member=_member(accepted.member_id), **told_session(accepted.session))

    @strawberry.mutation(
        description=(
            "Ask for a link by which a new password is set; it goes to the mail address, works once and for 24 hours."
            " Nobody learns whether the address is a member's. It needs a mail account of the service."
        )
    )
    @answers(PasswordResetRequestPayload)
    def password_reset_request(
        self, info: Info, input: Input[PasswordResetRequestInput]
    ) -> PasswordResetRequestPayload:
        """Ask for a link."""
        passwords.request_reset(info.context.service.id, input.email, address=info.context.address)
        return PasswordResetRequestPayload(is_taken=True)

    @strawberry.mutation(
        description="Set a password by the token of such a link. Every session of the member ends; log in anew."
    )
    @answers(PasswordResetPayload)
    def password_reset(self, info: Info, input: Input[PasswordResetInput]) -> PasswordResetPayload:
        """Set a password."""
        passwords.reset(info.context.service.id, input.token, input.password)
        return PasswordResetPayload(is_done=True)

    @strawberry.mutation(description="Change your own password. Your other sessions end; this one goes on.")
    @answers(PasswordChangePayload)
    def password_change(self, info: Info, input: Input[PasswordChangeInput]) -> PasswordChangePayload:
        """Change a password."""
        context = info.context
        passwords.change(
            context.actor, input.current_password, input.password, token=context.token or "", address=context.address
        )
        return PasswordChangePayload(is_done=True)


def _member(member_id: int) -> Any:
    return members_by_ids([member_id])[0]
