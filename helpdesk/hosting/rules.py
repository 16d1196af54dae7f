"""What a plugin may hand over, and how long it waits: decided without a database."""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import orjson

from helpdesk.kernel.errors import Invalid
from helpdesk.sdk.plugin import Hook, HookKind, Plugin, hooks_of

MOST_DATA_BYTES = 65_536
LONGEST_KEY = 200
LONGEST_DELAY_SECONDS = 366 * 86_400.0
MOST_TRIES = 10


class JobState(StrEnum):
    """Where a job of a plugin stands."""

    QUEUED = "QUEUED"
    RETRYING = "RETRYING"
    DONE = "DONE"
    FAILED = "FAILED"


def hooks(plugin: type[Plugin], *kinds: HookKind) -> list[Hook]:
    """Return the plugin's hooks of the kinds, in the order of their writing."""
    return [hook for hook in hooks_of(plugin) if hook.kind in kinds]


def check_job(plugin: type[Plugin], name: str) -> str:
    """Return the name of a job that the plugin has. Raises Invalid, naming those it has."""
    known = [hook.name for hook in hooks(plugin, HookKind.JOB)]
    if name not in known:
        raise Invalid(f"The plugin has no job “{name}”; its jobs are: {', '.join(known) or 'none'}.")
    return name


def check_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a job as it will be read back. Raises Invalid for what is no JSON, or is too much of it."""
    try:
        written = orjson.dumps(dict(data))
    except (TypeError, ValueError) as error:
        raise Invalid(f"The data of a job are JSON values: {error}.") from error
    if len(written) > MOST_DATA_BYTES:
        raise Invalid(f"The data of a job have at most {MOST_DATA_BYTES} bytes; keep more in a table of your own.")
    read: dict[str, Any] = orjson.loads(written)
    return read


def check_key(key: str) -> str:
    """Return a key under which a job is done once. Raises Invalid unless it is a short text."""
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise Invalid(f"The key of a job has 1 to {LONGEST_KEY} printable characters.")
    return key


def check_delay(seconds: float) -> float:
    """Return how long a job is to wait. Raises Invalid for more than a year, and for what is no duration."""
    if math.isnan(seconds) or not 0 <= seconds <= LONGEST_DELAY_SECONDS:
        raise Invalid("A job waits from 0 seconds to a year.")
    return seconds


def period_seconds(hook: Hook) -> float:
    """Return how long after its end a periodic hook is due again."""
    return float(hook.facts["every_seconds"])
