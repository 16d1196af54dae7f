"""Constants of deployment: declared once with default and help, read once when the application is made.

Each is set by an environment variable ``HELPDESK_<NAME>``. A name that is not declared here stops
the start and the nearest known one is proposed, because a misspelt setting is a setting ignored.
The environment is handed in, so that a test's desk does not read the tester's own.
"""

import difflib
import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, get_origin

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from helpdesk.kernel.errors import Invalid

PREFIX = "HELPDESK_"

# Read by tests alone: a missing server is an error; a folder of mails that are fed beside the corpus.
TEST_NAMES = frozenset({"HELPDESK_TEST_REQUIRE_SERVERS", "HELPDESK_TEST_MAIL_CORPUS"})


class Settings(BaseModel):
    """Every setting of a desk; the README's table is made from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(Path("desk"), description="Folder of an embedded desk: database, files, keys.")
    database_url: str = Field(
        "",
        description="`postgresql://user:password@host/name`, or `sqlite:///path`; empty is SQLite in the data folder.",
    )
    replica_url: str = Field(
        "",
        description="Streaming replica of that PostgreSQL database; it answers queries while it is as new.",
    )
    database_pool: int = Field(20, ge=1, le=500, description="Connections that one process may hold open.")
    statement_seconds: float = Field(
        15.0,
        ge=0.1,
        description="Time that one statement of a request may take on PostgreSQL; work may take ten times as long.",
    )
    redis_url: str = Field("", description="`redis://host:port/0` to wake workers at once; empty polls a file.")
    keys: SecretStr = Field(
        SecretStr(""),
        description="Keyring as JSON, newest key first; empty reads or makes `keys.json` in the data folder.",
    )
    base_url: str = Field(
        "http://127.0.0.1:8000",
        description="Where people reach the desk; every link is built from it, never from a Host header.",
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="Networks, between commas, whose `X-Forwarded-For` is believed; all others are ignored."
    )
    graphiql: bool = Field(True, description="Serve the GraphiQL explorer to browsers at the GraphQL address.")
    safe_mode: bool = Field(
        False, description="Start with the default theme, the storage of files, and no other plugin."
    )
    disable: tuple[str, ...] = Field(
        (), description="Plugins, between commas, that stay off whatever the desk says: `name` or `kind/name`."
    )
    outgoing_allow: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="Private networks, between commas, that outgoing calls may reach all the same."
    )
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest GraphQL or hook request, in bytes.")
    max_file_bytes: int = Field(10_485_760, ge=1024, description="Largest upload, in bytes.")
    max_mail_bytes: int = Field(
        52_428_800,
        ge=1024,
        description="Largest mail that is handed in by file, in bytes; accounts have a limit of their own.",
    )
    storage: str = Field("local", description="Storage plugin that keeps files; `local` is a folder of this machine.")
    storage_settings: SecretStr = Field(
        SecretStr(""), description='Settings of that plugin as a JSON object, such as `{"folder": "/files"}`.'
    )
    session_seconds: int = Field(43_200, ge=60, description="How long an agent's session lasts.")
    lease_seconds: int = Field(120, ge=2, description="How long a worker may hold a row before another takes it over.")
    sweep_seconds: float = Field(15.0, gt=0, description="How often a worker looks for work that nobody finished.")
    retry_seconds: float = Field(
        30.0, gt=0, description="Wait before the second try; it doubles with each, up to an hour."
    )
    automatic_window_minutes: int = Field(
        180, ge=1, description="Time over which automatic mail to one address is counted, in minutes."
    )
    automatic_most: int = Field(10, ge=0, description="Automatic mails that one address gets in that time.")
    automatic_most_alike: int = Field(
        2, ge=0, description="Those of them that may have the same subject; a loop of two machines ends here."
    )
    inquiries_per_address: int = Field(
        60, ge=1, description="Inquiries an hour that the help center's form takes from one network address."
    )
    inquiries_per_email: int = Field(
        10, ge=1, description="Inquiries an hour that the form takes in the name of one mail address."
    )
    event_days: int = Field(
        30,
        ge=1,
        description="How long the event log is kept, in days; longer what a subscriber still has to be told.",
    )
    worker_threads: int = Field(4, ge=1, le=64, description="Jobs that one worker runs at once.")
    web_threads: int = Field(8, ge=1, le=256, description="Requests that one web process answers at once.")
    process_max_mb: int = Field(
        2048,
        ge=256,
        description="Memory of one process, in MB; above it `helpdesk run`, `serve` and `worker` begin it anew.",
    )
    process_max_threads: int = Field(
        500, ge=64, description="Threads of one process; above it `helpdesk run`, `serve` and `worker` begin it anew."
    )
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR.")
    log_format: str = Field("text", pattern="^(text|json)$", description="`text` for people, `json` for collectors.")
    failpoint: str = Field(
        "", description="For fault tests: `name:kill` or `name:raise`, where the process is to fail."
    )


def load(environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Read the settings from the environment; ``overrides`` win. Raises Invalid with what to mend."""
    names = os.environ if environ is None else environ
    known = {PREFIX + name.upper() for name in Settings.model_fields} | TEST_NAMES
    for name in names:
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else " The README lists all settings."
            raise Invalid(f"{name} is not a setting of helpdesk.{hint}", code="UNKNOWN_SETTING")
    try:
        return Settings(**{**_given(names), **overrides})
    except ValidationError as error:
        first = error.errors()[0]
        where = PREFIX + "_".join(str(part) for part in first["loc"][:1]).upper()
        raise Invalid(f"{where}: {first['msg']}.", code="BAD_SETTING") from error


def _given(names: Mapping[str, str]) -> dict[str, Any]:
    """Return what the environment sets; a list as JSON, or as words between commas."""
    fields = {name: field for name, field in Settings.model_fields.items() if PREFIX + name.upper() in names}
    written = {name: names[PREFIX + name.upper()] for name in fields}
    return {name: _words(text) if _is_list(fields[name]) else text for name, text in written.items()}


def _is_list(field: FieldInfo) -> bool:
    return get_origin(field.annotation) in (list, tuple)


def _words(text: str) -> Any:
    """Return the list; what is neither JSON nor words is left for the model to refuse."""
    try:
        return orjson.loads(text)
    except ValueError:
        is_json = text.lstrip().startswith(("[", "{", '"'))
        return text if is_json else [word.strip() for word in text.split(",") if word.strip()]
