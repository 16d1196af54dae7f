"""Owns the environment that every theme renders in, also the bundled ones: what may be read, called and spent.

Refuses models, files and modules. Jinja's own sandbox alone lost: it lets an object's methods run, multiplies
strings to gigabytes and loops for ever (SECURITY 0.9). Everything here is a list of what is allowed;
what is not named is refused. Nothing is computed while compiling, because no budget runs then.
"""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import BuiltinMethodType, MethodType
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, Undefined, nodes, pass_context
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, TemplateReference, markup_join
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from helpdesk.helpcenter import filters
from helpdesk.helpcenter.budget import Budget, current, running
from helpdesk.helpcenter.metering import metered
from helpdesk.helpcenter.views import View

LARGEST_SOURCE = 256 * 1024
LARGEST_OUTPUT = 2 * 1024 * 1024
LARGEST_NUMBER = 10**15
LARGEST_ARGUMENTS = 10_000

READABLE: tuple[tuple[type, frozenset[str]], ...] = (
    (str, frozenset({"upper", "lower", "title", "capitalize", "strip", "lstrip", "rstrip", "startswith", "endswith",
                     "split", "splitlines", "removeprefix", "removesuffix", "count", "find", "isdigit", "isalpha"})),
    (list, frozenset({"index", "count"})),
    (tuple, frozenset({"index", "count"})),
    (dict, frozenset({"get", "items", "keys", "values"})),
    (LoopContext, frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem",
                             "nextitem", "cycle"})),
    (BlockReference, frozenset({"super"})),
)  # fmt: skip
"""The attributes of Python's own types that a template may read or call; none of them makes much of little."""
TESTS = frozenset({"defined", "undefined", "none", "string", "number", "mapping", "odd", "even", "true", "false"})
METERS = frozenset({"metered_items", "metered_text", "metered_join", "metered_comparison", "metered_container",
                    "metered_slice", "enter_template", "leave_template", "extend_template"})  # fmt: skip
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
    "in": lambda item, container: item in container,
    "notin": lambda item, container: item not in container,
}


class Exposed:
    """A function of ours that templates may call."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        filters.charge_join([*arguments, *named.values()], most=LARGEST_ARGUMENTS)
        result = self.function(*arguments, **named)
        filters.charge_join([result])
        return result


class Sandbox(ImmutableSandboxedEnvironment):
    """Render templates that somebody else wrote."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self, loader: BaseLoader) -> None:
        super().__init__(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            optimized=False,
            finalize=_finalize,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.globals = {}
        self.filters = dict(filters.ALLOWED)
        self.tests = {name: test for name, test in self.tests.items() if name in TESTS}

    def render(self, name: str, context: Mapping[str, Any], *, budget: Budget | None = None) -> str:
        """Return the page, at most 2 MB of it. Raises whatever the template makes go wrong."""
        pieces: list[str] = []
        size = 0
        with running(budget or Budget()):
            for piece in self.get_template(name).generate(context):
                size += len(piece)
                if size > LARGEST_OUTPUT:
                    raise SecurityError(f"The page is larger than {LARGEST_OUTPUT} characters.")
                pieces.append(piece)
        return "".join(pieces)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if len(source) > LARGEST_SOURCE:
            raise TemplateSyntaxError(f"The template is larger than {LARGEST_SOURCE} characters.", 1, name, filename)
        return metered(super()._parse(source, name, filename), self)

    # What may be read

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return the field, entry or harmless method of that name."""
        if isinstance(obj, Undefined):
            return str(obj)  # raises, naming what is missing
        if _may_read(obj, attribute):
            return getattr(obj, attribute)
        if isinstance(obj, TemplateReference | dict):
            return self._entry(obj, attribute)
        if isinstance(obj, View):
            return self.undefined(obj=obj, name=attribute)
        return self.unsafe_undefined(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return the entry, or else the field of that name."""
        if isinstance(obj, str | list | tuple) and isinstance(argument, int):
            return self._entry(obj, argument)
        if isinstance(obj, dict) and isinstance(argument, str | int) and argument in obj:
            return obj[argument]
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        return self.undefined(obj=obj, name=argument)

    def _entry(self, obj: Any, key: Any) -> Any:
        try:
            return obj[key]
        except LookupError:
            return self.undefined(obj=obj, name=key)

    # What may be called

    def is_safe_callable(self, obj: Any) -> bool:
        """Return whether the object is a macro, a block, one of our functions, or a reading method."""
        if isinstance(obj, Exposed | Macro | BlockReference):
            return True
        if isinstance(obj, BuiltinMethodType | MethodType):
            return _may_read(obj.__self__, obj.__name__)
        return False

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Call the object and charge the call."""
        if getattr(__obj, "__self__", None) is __self and __obj.__name__ in METERS:
            return __obj(*args)
        if not __self.is_safe_callable(__obj):
            raise SecurityError("A template may call macros, blocks and the functions of its page only.")
        budget = current()
        budget.enter_call()
        try:
            return __context.call(__obj, *args, **kwargs)
        finally:
            budget.leave_call()

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002
        """Compute with numbers; ``+`` joins texts and lists too, and there is no power."""
        current().spend()
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return self.metered_join(left, right)
        if operator == "+" and isinstance(left, list) and isinstance(right, list):
            return filters.checked_container(left + right)
        if operator == "**" or not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError(f"“{operator}” cannot be used with these values in a template.")
        result = self.binop_table[operator](left, right)
        if not -LARGEST_NUMBER < result < LARGEST_NUMBER:
            raise SecurityError(f"A number in a template stays below {LARGEST_NUMBER}.")
        return result

    # What the rewritten templates call (see metering)

    def metered_items(self, items: Any, text_size: int) -> Iterator[Any]:
        """Yield the items and charge each round."""
        if isinstance(items, Undefined) or not isinstance(items, Iterable):
            iter(items)  # raises with the right message
        spend = current().spend
        for item in items:
            spend(characters=text_size)
            yield item

    def metered_text(self, size: int) -> None:
        """Charge a body that starts."""
        current().spend(characters=size)

    def metered_join(self, *parts: Any) -> str:
        """Join texts and numbers, escaping what is not HTML yet if any part is."""
        filters.charge_join(parts)
        return markup_join(parts)

    def metered_comparison(self, first: Any, *pairs: Any) -> bool:
        """Compare a chain of values."""
        current().spend(sum(filters.steps_for(value) for value in (first, *pairs[1::2])))
        left = first
        for name, right in zip(pairs[::2], pairs[1::2], strict=True):
            if not COMPARISONS[name](left, right):
                return False
            left = right
        return True

    def metered_container(self, container: Any) -> Any:
        """Let a list, tuple or dictionary of the template through if it is small."""
        return filters.checked_container(container)

    def metered_slice(self, value: Any, start: Any, stop: Any, step: Any) -> Any:
        """Cut a text or list."""
        current().spend(filters.steps_for(value))
        if not isinstance(value, str | list | tuple):
            raise SecurityError("Only texts and lists can be cut.")
        return value[start:stop:step]

    def enter_template(self) -> None:
        """Charge an included template."""
        current().enter_template()

    def leave_template(self) -> None:
        """Come back from an included template."""
        current().leave_template()

    def extend_template(self) -> None:
        """Charge an extended template."""
        current().extend_template()


def _may_read(obj: Any, name: str) -> bool:
    if isinstance(obj, View):
        return name in type(obj).__dataclass_fields__  # type: ignore[attr-defined]  # every View is a dataclass
    if isinstance(obj, TemplateModule):  # what another template exports
        return name in vars(obj) and not name.startswith("_")
    return any(isinstance(obj, kind) and name in names for kind, names in READABLE)


@pass_context  # so that Jinja does not call it while compiling
def _finalize(_context: Context, value: Any) -> Any:
    """Charge what is printed; lists and views are refused, because their text is of no use to anybody."""
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        current().spend(characters=len(value) if isinstance(value, str) else 20)
        return value if isinstance(value, Markup | str) else str(value)
    if isinstance(value, Undefined):
        return str(value)  # raises, naming what is missing
    raise SecurityError("Only texts and numbers can be printed; print a field of this, or join the list.")
