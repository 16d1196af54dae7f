"""Where a password comes from: the option, a question on the terminal, or chance. A made one is shown once."""

import secrets
import sys
from dataclasses import dataclass, field

import click

from helpdesk.agents.rules import check_password
from helpdesk.kernel.errors import Invalid

MADE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Password:
    """A password, and whether it was made here and must be shown."""

    text: str = field(repr=False)
    is_made: bool

    @property
    def shown(self) -> str | None:
        """Return what may be shown: the password if it was made here."""
        return self.text if self.is_made else None


def is_terminal() -> bool:
    """Return whether somebody is there to be asked."""
    return sys.stdin.isatty()


def choose(given: str | None, *, email: str, is_asking: bool) -> Password:
    """Return the password given, else the one typed (empty: made here), else one made here."""
    if given is not None:
        return Password(given, is_made=False)
    while is_asking and (typed := _typed()):
        try:
            check_password(typed, email=email)
        except Invalid as error:
            click.echo(f"Error: {error.message}", err=True)
        else:
            return Password(typed, is_made=False)
    return make()


def _typed() -> str:
    question = "The password (leave it empty to have one made)"
    return str(
        click.prompt(question, default="", show_default=False, hide_input=True, confirmation_prompt=True, err=True)
    )


def make() -> Password:
    """Make a password."""
    return Password(secrets.token_urlsafe(MADE_BYTES), is_made=True)
