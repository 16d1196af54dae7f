"""Says in a sentence why a command failed. Exit codes: 0 it is done, 1 it found something, 2 it could not be done.

An unexpected error is named by its type and words; where it happened is shown by ``--debug`` alone.
"""

import traceback

import click
import peewee

from helpdesk.kernel.errors import HelpdeskError

FINDINGS = 1
FAILED = 2


def tell(error: BaseException, *, is_debug: bool) -> None:
    """Write on stderr why it failed, and where if that is asked for."""
    if is_debug:
        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    click.echo(f"Error: {sentence(error)}", err=True)


def sentence(error: BaseException) -> str:
    """Return what went wrong and what to do."""
    if isinstance(error, HelpdeskError):
        return error.message
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return "Interrupted; what was done before is kept."
    if isinstance(error, peewee.PeeweeException):
        return f"The database refuses: {reason(error)}. Run helpdesk doctor, which says what is wrong with it."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'The system'}: {error.strerror}."
    kind = type(error).__name__
    return f"Something failed that should not ({kind}: {reason(error)}). Run it with --debug to see where."


def reason(error: BaseException) -> str:
    """Return the first line of what the error says, or its name."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
