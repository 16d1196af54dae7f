"""The shapes that a plugin's annotations may have, read from its methods and dataclasses before any type is made.

Owns which annotations there are. Whatever else an author writes is refused with a sentence that names
the place: a type that is guessed at would be a promise to clients that nobody made.
"""

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, Flag
from types import NoneType, SimpleNamespace, UnionType
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from strawberry.utils.str_converters import to_camel_case

from helpdesk.kernel.errors import Invalid
from helpdesk.sdk.graphql import choices_of

PLAIN = (str, int, float, bool, datetime)
KNOWN = "str, int, float, bool, datetime, an Enum, a frozen dataclass, and list and “| None” of them"
MISSING = dataclasses.MISSING


class BadType(Invalid):
    """What the plugin declares cannot become part of the schema; the sentence names the place."""

    code = "BAD_PLUGIN_TYPE"


@dataclass(frozen=True, slots=True)
class Plain:
    """A text, a number, a truth or a time."""

    kind: type


@dataclass(frozen=True, slots=True)
class Choice:
    """One of an enum's values."""

    kind: type[Enum]


@dataclass(frozen=True, slots=True)
class Record:
    """A frozen dataclass."""

    kind: type


@dataclass(frozen=True, slots=True)
class Many:
    """A list; ``kind`` is list or tuple."""

    item: "Shape"
    kind: type = list


@dataclass(frozen=True, slots=True)
class Maybe:
    """Something or nothing."""

    inner: "Shape"


Shape: TypeAlias = Plain | Choice | Record | Many | Maybe


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a dataclass, or an argument. ``name`` is the schema's, ``attribute`` the author's."""

    name: str
    attribute: str
    shape: Shape
    description: str
    default: Any = MISSING


@dataclass(frozen=True, slots=True)
class Signature:
    """What a hook takes and gives."""

    arguments: tuple[Member, ...]
    result: Shape


def members_of(kind: type) -> tuple[Member, ...]:
    """Return the fields of a dataclass. Raises BadType."""
    hints = _hints(kind, kind.__qualname__)
    found = []
    for item in dataclasses.fields(kind):
        where = f"{kind.__name__}.{item.name}"
        description = _text(item.metadata.get("description"))
        if not description:
            raise BadType(f"{where} has no description; declare it with described(…).")
        default = MISSING if item.default_factory is MISSING else item.default_factory
        shape = shape_of(hints[item.name], where)
        found.append(Member(_camel(item.name), item.name, shape, description, _first(item.default, default)))
    if not found:
        raise BadType(f"{kind.__name__} has no fields; a type needs at least one.")
    _check_names(found, kind.__name__)
    return tuple(found)


def signature_of(method: Callable[..., Any], *, given: int, is_batched: bool) -> Signature:
    """Return what a hook takes beside its first ``given`` parameters, and gives (to each row). Raises BadType."""
    name = method.__name__
    signature = inspect.signature(method)
    parameters = list(signature.parameters.values())[given:]
    wanted = {item.name: item.annotation for item in parameters} | {"return": signature.return_annotation}
    bare = next((which for which, annotation in wanted.items() if annotation is inspect.Parameter.empty), None)
    if bare is not None:
        raise BadType(f"{name} does not annotate “{bare}”; write {KNOWN}.")
    globalns = getattr(inspect.unwrap(method), "__globals__", {})
    hints = _hints(SimpleNamespace(__annotations__=wanted), name, globalns)
    arguments = [_argument(item, hints[item.name], name) for item in parameters]
    _check_names(arguments, name)
    result = shape_of(hints["return"], f"the result of {name}")
    if not is_batched:
        return Signature(tuple(arguments), result)
    if not isinstance(result, Many):
        raise BadType(f"{name} is batched: it must be annotated with a list, of one result for each row.")
    return Signature(tuple(arguments), result.item)


def shape_of(annotation: Any, where: str) -> Shape:
    """Return the shape of an annotation. Raises BadType, naming where it stands."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in {Union, UnionType}:
        inner = [one for one in get_args(annotation) if one is not NoneType]
        if len(inner) == 1 and len(get_args(annotation)) == 2:
            return Maybe(shape_of(inner[0], where))
    elif get_origin(annotation) in {list, Sequence} and len(get_args(annotation)) == 1:
        return Many(shape_of(get_args(annotation)[0], where))
    elif get_origin(annotation) is tuple and get_args(annotation)[1:] == (...,):
        return Many(shape_of(get_args(annotation)[0], where), tuple)
    elif inspect.isclass(annotation):
        return _class_shape(annotation, where)
    raise BadType(f"{where} is annotated with {_shown(annotation)}; use {KNOWN}.")


def description_of(kind: type) -> str:
    """Return the first paragraph of a type's own docstring. Raises BadType where it has none."""
    text = vars(kind).get("__doc__") or ""
    if not text.strip() or text.startswith(f"{kind.__name__}("):  # which dataclass itself has written
        raise BadType(f"{kind.__name__} has no docstring; its first paragraph describes the type.")
    return " ".join(inspect.cleandoc(text).partition("\n\n")[0].split())


def described_choices(kind: type[Enum]) -> Mapping[str, str]:
    """Return the description of each value of an enum. Raises BadType where one is missing."""
    words = choices_of(kind)
    for member in kind:
        if not _text(words.get(member.name)):
            raise BadType(f"{kind.__name__}.{member.name} has no description; add it to @choices(…).")
    return {member.name: _text(words[member.name]) for member in kind}


def _class_shape(annotation: type, where: str) -> Shape:
    if annotation in PLAIN:
        return Plain(annotation)
    if issubclass(annotation, Enum) and not issubclass(annotation, Flag):
        return Choice(annotation)
    if dataclasses.is_dataclass(annotation):
        if not annotation.__dataclass_params__.frozen:  # type: ignore[attr-defined]  # typeshed leaves it out
            raise BadType(f"{where}: {annotation.__name__} must be a frozen dataclass.")
        return Record(annotation)
    raise BadType(f"{where} is annotated with {_shown(annotation)}; use {KNOWN}.")


def _argument(parameter: inspect.Parameter, hint: Any, method: str) -> Member:
    where = f"{method}({parameter.name})"
    if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
        raise BadType(f"{where} is no argument that can be named; declare each one.")
    words = [_text(one) for one in getattr(hint, "__metadata__", ())]
    if not any(words):
        raise BadType(f"{where} has no description; annotate it with Annotated[…, “what it is”].")
    default = MISSING if parameter.default is parameter.empty else parameter.default
    return Member(_camel(parameter.name), parameter.name, shape_of(hint, where), next(filter(None, words)), default)


def _hints(owner: Any, where: str, globalns: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        return get_type_hints(owner, globalns=globalns, include_extras=True)
    except Exception as error:
        raise BadType(f"The annotations of {where} cannot be read: {type(error).__name__}: {error}.") from error


def _check_names(members: Sequence[Member], where: str) -> None:
    names = [member.name for member in members]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadType(f"{where} has two names that become “{twice}”.")


def _camel(name: str) -> str:
    return to_camel_case(name.strip("_"))


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not MISSING), MISSING)


def _text(words: Any) -> str:
    return words.strip() if isinstance(words, str) else ""


def _shown(annotation: Any) -> str:
    return annotation.__name__ if inspect.isclass(annotation) and not get_args(annotation) else str(annotation)[:120]
