"""Relations, declared once, as functions from a list of parents to a list of results.

``@batched`` is the only way in which a list row gets a related row. In ordinary execution the first
row that is asked loads for its whole cohort (kernel/rows.py), so the statements of a page do not
depend on its length; the compiled executor asks for all its rows at once (``shares``). The lost alternative,
strawberry's DataLoader, is asynchronous only.

People are met again and again in one answer (who asks is mostly who wrote last), so they are
recalled: what one relation has loaded costs the next one nothing. A mutation forgets it all
(user_errors.py), since it may have changed them.
"""

import inspect
from collections.abc import Callable, Hashable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import strawberry

from helpdesk.graphql.context import Context, Info
from helpdesk.kernel.rows import Cohort

Load = Callable[..., Sequence[Any]]
ByIds = Callable[[Sequence[int | None]], Sequence[Any]]


def batched(*, description: str, graphql_type: Any, cost: int | None = None) -> Callable[[Load], Any]:
    """Make a field of a batch function ``(rows, context, **arguments) -> results aligned with the rows``.

    ``cost`` is its price for each row, where it is not the usual one (costs.py).
    """

    def decorate(load: Load) -> Any:
        signature = inspect.signature(load, eval_str=True)
        arguments = list(signature.parameters.values())[2:]

        def resolve(self: Any, info: Info, **given: Any) -> Any:
            return _share(self, load, info.context, given)

        own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        about = inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Info)
        keywords = [item.replace(kind=inspect.Parameter.KEYWORD_ONLY) for item in arguments]
        resolve.__signature__ = inspect.Signature([own, about, *keywords])  # type: ignore[attr-defined]
        resolve.__annotations__ = {"info": Info} | {item.name: item.annotation for item in arguments}
        resolve.__name__ = load.__name__
        field = strawberry.field(resolver=resolve, graphql_type=graphql_type, description=description)
        field.metadata = {**(field.metadata or {}), "batched": load}
        if cost is not None:
            field.metadata["cost"] = cost
        return field

    return decorate


def _share(row: Any, load: Load, context: Context, given: dict[str, Any]) -> Any:
    """Return the row's share of what its cohort loads."""
    if row.cohort is None:
        return load([row], context, **given)[0]
    return row.cohort.get(row, (load, _frozen(given)), lambda rows: load(rows, context, **given))


def shares(rows: Sequence[Any], load: Load, context: Context, given: dict[str, Any]) -> list[Any]:
    """Return each row's share of what its cohort loads, or the exception in place of a share."""
    key = (load, _frozen(given))

    def ask(rows: Sequence[Any]) -> Sequence[Any]:
        return load(rows, context, **given)

    whole: Cohort | None = getattr(rows[0], "cohort", None) if rows else None
    if whole is not None and whole.is_whole(rows):
        try:
            return list(whole.shares(key, ask))
        except Exception as error:
            return [error] * len(rows)
    found: list[Any] = []
    for row in rows:
        try:
            found.append(ask([row])[0] if row.cohort is None else row.cohort.get(row, key, ask))
        except Exception as error:
            found.append(error)
    return found


def _frozen(value: Any) -> Hashable:
    """Return an argument as something that can be looked up: inputs and lists by what is in them."""
    if isinstance(value, dict):
        return tuple(sorted((name, _frozen(one)) for name, one in value.items()))
    if isinstance(value, list):
        return (list, *map(_frozen, value))
    if is_dataclass(value):
        return (type(value), *(_frozen(getattr(value, item.name)) for item in fields(value)))
    hashable: Hashable = (type(value), value)  # True is no 1
    return hashable


def recall(context: Context, load: ByIds, row_ids: Sequence[int | None]) -> list[Any]:
    """Return what ``load`` gives for the ids, aligned with them, asking it only for those not loaded before."""
    seen = context.seen.setdefault(load, {})
    missing = sorted({row_id for row_id in row_ids if row_id is not None} - seen.keys())
    if missing:
        seen.update(zip(missing, load(missing), strict=True))
    return [None if row_id is None else seen[row_id] for row_id in row_ids]
