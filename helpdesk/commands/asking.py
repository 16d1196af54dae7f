"""What every command understands: --data, --json and --debug; and how it answers.

Answers go to stdout, as one line of JSON or as text; everything else goes to stderr, so that
``KEY=$(helpdesk key create …)`` holds a key and nothing more.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
import orjson

from helpdesk import signals
from helpdesk.commands import failures
from helpdesk.kernel import db, jobs, settings
from helpdesk.kernel.settings import Settings

FLUSH_SECONDS = 5.0
WAKING_SECONDS = 1.0

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Asked:
    """The options that every command has."""

    data: Path | None
    is_json: bool
    is_debug: bool

    def settings(self, **overrides: object) -> Settings:
        """Return the settings, those of the command line first. Raises Invalid."""
        named: dict[str, object] = {} if self.data is None else {"data_dir": self.data}
        return settings.load(None, **(named | overrides))

    def quiet_settings(self, level: str = "ERROR", **overrides: object) -> Settings:
        """Return the settings with a log of that level, for a person's screen, unless somebody wants another."""
        wanted = {"log_level": "DEBUG"} if self.is_debug else {"log_level": level}
        return self.settings(**overrides, **({} if "HELPDESK_LOG_LEVEL" in os.environ else wanted))

    def answer(self, data: Mapping[str, Any], text: str) -> None:
        """Write the answer on stdout: the data as one line of JSON where that was asked for, else the text."""
        click.echo(orjson.dumps(data).decode() if self.is_json else text)

    def remark(self, text: str) -> None:
        """Write on stderr what a person should know beside the answer; with --json nothing."""
        if not self.is_json:
            click.echo(text, err=True)


class Verb(click.Command):
    """A command with the options that every one has, whose failures are sentences. Hands ``Asked`` to its callback."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folder = click.Path(file_okay=False, path_type=Path)
        self.params += [
            click.Option(["--data"], type=folder, metavar="DIR", help="The desk's folder, else HELPDESK_DATA_DIR."),
            click.Option(["--json", "is_json"], is_flag=True, help="Answer in JSON, one line each."),
            click.Option(["--debug", "is_debug"], is_flag=True, help="Show where an error happened."),
        ]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the callback and close what it opened; end with 2 and a sentence when it fails."""
        asked = ctx.obj = Asked(**{name: ctx.params.pop(name) for name in ("data", "is_json", "is_debug")})
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:
            failures.tell(error, is_debug=asked.is_debug)
            ctx.exit(failures.FAILED)
        finally:
            signals.flush(seconds=FLUSH_SECONDS)  # what receivers still do needs the database
            jobs.flush(seconds=WAKING_SECONDS)
            if db.database.obj is not None:
                db.database.close_all()


def verb(name: str, **kwargs: Any) -> Callable[[F], Verb]:
    """Make a command of a function that takes ``Asked`` first."""

    def decorate(function: F) -> Verb:
        return click.command(name, cls=Verb, **kwargs)(click.pass_obj(function))

    return decorate
