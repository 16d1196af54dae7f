"""Refusals as data: what a mutation answers when it was understood and not done."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import strawberry

from helpdesk.graphql import ids, permissions
from helpdesk.graphql.context import Context, Info
from helpdesk.kernel.errors import Forbidden, HelpdeskError, LimitExceeded, Unauthenticated

F = TypeVar("F", bound=Callable[..., Any])

JSON_FIELDS = frozenset({"settings", "assignerSettings"})


@strawberry.type(description="Why something was not done.")
class UserError:
    """Why something was not done."""

    code: str = strawberry.field(description="A stable word to branch on, such as NOT_FOUND or VERSION_CONFLICT.")
    message: str = strawberry.field(description="A sentence for a person that says what to do.")
    path: list[str] = strawberry.field(description="The input that is wrong, outermost first; empty for none.")


@strawberry.type
class Payload:
    """What every mutation's payload has."""

    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was not done; empty when it was done."
    )


def answers(payload: type[Payload]) -> Callable[[F], F]:
    """Turn expected refusals of a mutation into its payload; missing authentication and limits stay errors.

    A payload shows only what its reader may see: whoever may answer a ticket need not be allowed to read it.
    """

    def decorate(resolve: F) -> F:
        @functools.wraps(resolve)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            context = kwargs["info"].context
            context.seen.clear()  # what an earlier mutation of the request has read may change now
            try:
                return _shown(context, resolve(*args, **kwargs))
            except (Unauthenticated, LimitExceeded):
                raise
            except HelpdeskError as error:
                return payload(errors=[_told(_lack(kwargs["info"]) or error)])

        return guarded  # type: ignore[return-value]  # wraps() keeps the signature that strawberry reads

    return decorate


def _lack(info: Info) -> Forbidden | None:
    """Return the refusal of who lacks the right that the mutation takes, and is told of nothing else; None otherwise.

    The room has asked for it, unless the input was found wrong before. Raises Unauthenticated.
    """
    right = permissions.right_of(f"Mutation.{info.field_name}")
    try:
        if right is not None:
            info.context.actor.require(right)
    except Forbidden as error:
        return error
    return None


def _told(error: HelpdeskError) -> UserError:
    return UserError(code=error.code, message=error.message, path=_path(error.path))


def _shown(context: Context, payload: Any) -> Any:
    """Return the payload without the things that whoever asks has no right to read."""
    for name, value in vars(payload).items():
        if not ids.may_see(context, value):
            setattr(payload, name, None)
    return payload


def _path(parts: Sequence[str]) -> list[str]:
    """Return the path as the schema spells it; inside a JSON value the client's own spelling stays."""
    return list(parts) if parts and parts[0] in JSON_FIELDS else [_camel(part) for part in parts]


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
