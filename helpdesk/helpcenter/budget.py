"""Owns how much one rendering may cost: steps, characters, depth and processor time. Refuses to know templates.

Time is the thread's processor time, not the clock on the wall: a busy machine must not fail a good theme.
The budget travels in a context variable because the environment is shared by all threads.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from jinja2.exceptions import SecurityError

DEEPEST_TEMPLATE = 20
DEEPEST_CALL = 40
STEPS_BETWEEN_LOOKS = 50


class BudgetError(SecurityError):
    """A template asked for more than one page may cost."""


@dataclass(slots=True)
class Budget:
    """What is left for one page. The defaults are some hundred times what an ordinary page takes."""

    steps: int = 100_000
    characters: int = 4 * 1024 * 1024
    seconds: float = 0.5
    _calls: int = 0
    _templates: list[int] = field(default_factory=lambda: [0])
    _next_look: int = 0
    _ends_at: float = 0.0

    def start(self) -> None:
        """Begin to count processor time."""
        self._ends_at = time.thread_time() + self.seconds
        self._next_look = self.steps

    def spend(self, steps: int = 1, *, characters: int = 0) -> None:
        """Take from the budget. Raises BudgetError when nothing is left."""
        self.steps -= steps
        self.characters -= characters
        if self.steps < 0:
            raise BudgetError("The template takes too many steps; make its loops shorter.")
        if self.characters < 0:
            raise BudgetError("The template makes too much text; repeat less.")
        if self.steps <= self._next_look:
            self._next_look = self.steps - STEPS_BETWEEN_LOOKS
            if time.thread_time() > self._ends_at:
                raise BudgetError(f"The template takes longer than {self.seconds} seconds.")

    def enter_call(self) -> None:
        """Go one call deeper."""
        self._calls += 1
        self.spend()
        if self._calls > DEEPEST_CALL:
            raise BudgetError(f"Macros call one another more than {DEEPEST_CALL} deep.")

    def leave_call(self) -> None:
        """Come back from a call."""
        self._calls -= 1

    def extend_template(self) -> None:
        """Go one template deeper, for good: an extended template does not come back."""
        self._templates[-1] += 1
        self.spend()
        if self._templates[-1] > DEEPEST_TEMPLATE:
            raise BudgetError(f"Templates include or extend one another more than {DEEPEST_TEMPLATE} deep.")

    def enter_template(self) -> None:
        """Go one template deeper until ``leave_template``."""
        self._templates.append(self._templates[-1])
        self.extend_template()

    def leave_template(self) -> None:
        """Come back from an included template, and from all that it extended."""
        self._templates.pop()


_CURRENT: ContextVar[Budget] = ContextVar("helpcenter_budget")


def current() -> Budget:
    """Return the budget of the page that this thread renders. Raises LookupError outside of a rendering."""
    return _CURRENT.get()


@contextmanager
def running(budget: Budget) -> Iterator[Budget]:
    """Charge everything that is rendered inside to ``budget``."""
    budget.start()
    token = _CURRENT.set(budget)
    try:
        yield budget
    finally:
        _CURRENT.reset(token)
