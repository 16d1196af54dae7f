"""How a field of a plugin is answered: the right of who asks, whether the plugin is in use here, the call, the answer.

Owns what a client is told when it fails: never the plugin's own words, except where it refuses with a
sentence that is meant for whoever asks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from helpdesk.graphql.context import Context
from helpdesk.graphql.plugin_shapes import Signature
from helpdesk.graphql.plugin_values import Records, checked, checked_batch, frozen, taken
from helpdesk.hosting import calls, denials, facts
from helpdesk.kernel.errors import HelpdeskError, Unavailable
from helpdesk.plugins import registry
from helpdesk.plugins.guard import PluginFailed
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.errors import Denied, Refused, Retry

SECONDS = 5.0
DENIALS = frozenset(denials.CODES.values())
LONGEST_SENTENCE = 500

Resolver = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a field asks for: whose method, the right to it, and what it takes and gives."""

    plugin: str
    method: str
    right: str
    signature: Signature
    records: Records


@dataclass(frozen=True, slots=True)
class _Failure:
    """Stands in for the answer to each row of a page that got none, so that the page costs one call all the same."""

    error: HelpdeskError

    def tell(self) -> NoReturn:
        """Raise the error again, as one of its own: an error's traceback grows whenever it is raised."""
        raise type(self.error)(self.error.message, code=self.error.code, path=self.error.path)


def query(asked: Asked) -> Resolver:
    """Return the resolver of a field of Query."""

    def resolve(_root: Any, info: Any, **given: Any) -> Any:
        return _answer(asked, info.context, given)

    return resolve


def mutation(asked: Asked) -> Resolver:
    """Return the resolver of a field of Mutation, after which nothing that was read before is believed."""

    def resolve(_root: Any, info: Any, **given: Any) -> Any:
        info.context.seen.clear()
        return _answer(asked, info.context, given)

    return resolve


def batched(asked: Asked) -> Resolver:
    """Return the resolver of a field of a core type: one call for the whole page that the row was loaded with."""

    def resolve(row: Any, info: Any, **given: Any) -> Any:
        def load(rows: Sequence[Any]) -> Sequence[Any]:
            return _answers(asked, info.context, rows, given)

        key = ("plugin", asked.plugin, asked.method, frozen(given))
        share = load([row])[0] if row.cohort is None else row.cohort.get(row, key, load)
        return share.tell() if isinstance(share, _Failure) else share

    return resolve


def _answer(asked: Asked, context: Context, given: dict[str, Any]) -> Any:
    """Return what the plugin answers, as plain values. Raises HelpdeskError for whoever asks."""
    signature, records = asked.signature, asked.records

    def ask(plugin: Any, host: Any) -> Any:
        arguments = taken(records, signature.arguments, given)
        return checked(records, signature.result, getattr(plugin, asked.method)(host, **arguments))

    _require(asked, context)
    return _call(asked, context, ask)


def _answers(asked: Asked, context: Context, rows: Sequence[Any], given: dict[str, Any]) -> Sequence[Any]:
    """Return what the plugin answers to each of the rows; when it fails, the failure for each."""
    signature, records = asked.signature, asked.records

    def ask(plugin: Any, host: Any) -> Any:
        arguments = taken(records, signature.arguments, given)
        answer = getattr(plugin, asked.method)(host, known, **arguments)
        return checked_batch(records, signature.result, answer, rows=len(known))

    try:
        _require(asked, context)
        known = facts.of_rows(rows)
        found: Sequence[Any] = _call(asked, context, ask)
    except HelpdeskError as error:
        return [_Failure(error)] * len(rows)
    return found


def _require(asked: Asked, context: Context) -> None:
    """Let through whoever has the right, where the plugin is in use. Raises HelpdeskError."""
    context.actor.require(asked.right)
    if registry.get(Kind.PLUGIN, asked.plugin, service_id=context.service.id) is None:
        raise Unavailable(
            f"The plugin “{asked.plugin}” is not enabled in this service; an administrator can enable it.",
            code="PLUGIN_NOT_ENABLED",
        )


def _call(asked: Asked, context: Context, ask: Callable[[Any, Any], Any]) -> Any:
    try:
        return calls.call(asked.plugin, asked.method, context.service.id, ask, seconds=SECONDS)
    except PluginFailed as error:
        raise _failed(asked, error.code) from error
    except Denied as error:
        code = error.code if error.code in DENIALS else "INVALID"
        raise HelpdeskError(_sentence(error), code=code) from error
    except Refused as error:
        raise HelpdeskError(_sentence(error), code="REFUSED") from error
    except Retry as error:
        raise Unavailable(_sentence(error)) from error
    except HelpdeskError:
        raise
    except Exception as error:  # the guard lets through what other kinds of plugins may say
        raise _failed(asked, "PLUGIN_FAILED") from error


def _failed(asked: Asked, code: str) -> Unavailable:
    return Unavailable(f"The plugin “{asked.plugin}” could not answer; its log says why.", code=code)


def _sentence(error: Exception) -> str:
    return str(error)[:LONGEST_SENTENCE] or "The plugin refuses this."
