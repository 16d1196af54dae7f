"""What workers do for plugins: jobs and webhooks that were left for them, and hooks that are due now and then.

At least once, like the outbox: a worker that dies lets its row fall due again, one that is slow keeps
it. What is not the job's own fault (the plugin is switched off, rests, or lacks settings) uses up no
try. A job that the plugin refuses, or that failed too often, stays as FAILED, with its reason.
"""

import logging
import threading
from functools import partial
from typing import Any

from helpdesk.hosting import calls, periods, rules
from helpdesk.hosting.models import PluginJob
from helpdesk.hosting.operations import LINE
from helpdesk.hosting.rules import JobState
from helpdesk.kernel import clock
from helpdesk.kernel.errors import HelpdeskError, Unavailable
from helpdesk.kernel.failpoints import reach
from helpdesk.kernel.leases import claim, give_back, held, release
from helpdesk.kernel.settings import Settings
from helpdesk.kernel.storage import storage
from helpdesk.kernel.text import one_line
from helpdesk.plugins import registry
from helpdesk.plugins.guard import PluginFailed
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.errors import Refused, Retry
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import HookKind, Plugin
from helpdesk.sdk.web import WebRequest

__all__ = ["LINE", "drain"]

log = logging.getLogger(__name__)

SECONDS = 120.0
LONGEST_REASON = 1000
MOST_THREADS = 2

_threads = threading.BoundedSemaphore(MOST_THREADS)


def drain(settings: Settings) -> None:
    """Do what plugins have left to do, then what is due by the clock.

    Two threads of a process do so at most: the others are for mail, however slow the plugins are.
    """
    if _threads.acquire(blocking=False):
        try:
            _drain_jobs(settings)
            periods.drain(settings)
        finally:
            _threads.release()


def _drain_jobs(settings: Settings) -> None:
    while (names := list(registry.named(Kind.PLUGIN))) and (
        row := claim(PluginJob, PluginJob.plugin.in_(names), seconds=settings.lease_seconds)
    ):
        carry(row, settings)


def carry(row: Any, settings: Settings) -> None:
    """Try one leased row once, and write what became of it."""
    try:
        with held(row, seconds=settings.lease_seconds):
            _do(row)
        reach("plugins.done")
        _end(row, JobState.DONE)
    except Retry as error:
        _again(row, settings, str(error), wish=error.after_seconds)
    except PluginFailed as error:
        _again(row, settings, error.message, is_free=error.code == "PLUGIN_RESTING")
    except Unavailable as error:
        _again(row, settings, error.message, is_free=True)
    except (Refused, HelpdeskError) as error:
        _end(row, JobState.FAILED, str(error) or "The plugin refused the job.")
    except Exception as error:  # what else a plugin may say, such as Denied: its own fault, so it is tried again
        _again(row, settings, f"{type(error).__name__}: {error}")


def _do(row: Any) -> None:
    """Call the hook. Raises Refused when the plugin has none of that name any more."""
    plugin = registry.require(Kind.PLUGIN, row.plugin, service_id=row.service_id)
    known = rules.hooks(plugin, HookKind.JOB, HookKind.WEBHOOK)
    if row.hook not in {hook.name for hook in known}:
        raise Refused(f"The plugin has no job or webhook “{row.hook}” any more.")
    given = row.data if row.storage_key is None else _request(row)
    calls.call(row.plugin, row.hook, row.service_id, partial(_call, row.hook, given), seconds=SECONDS)


def _call(hook: str, given: Any, plugin: Plugin, host: Host) -> None:
    getattr(plugin, hook)(host, given)


def _request(row: Any) -> WebRequest:
    """Return the webhook's request as it came, without what proved who sent it."""
    return WebRequest(**row.request, body=storage().read(row.storage_key), received_at=row.created_at)


def _again(row: Any, settings: Settings, reason: str, *, wish: Any = None, is_free: bool = False) -> None:
    """Give the row back for a later try, or give up after too many; a free one uses up none."""
    if not is_free and row.attempts >= rules.MOST_TRIES:
        _end(row, JobState.FAILED, reason)
        return
    give_back(
        row, base_seconds=settings.retry_seconds, wish=wish, is_free=is_free,
        state=JobState.RETRYING, last_error=_reason(reason),
    )  # fmt: skip


def _end(row: Any, state: JobState, reason: str = "") -> None:
    if state is JobState.FAILED:
        log.error("plugin job failed", extra={"job_id": row.id, "plugin": row.plugin, "hook": row.hook})
    release(row, state=state, last_error=_reason(reason), finished_at=clock.now())


def _reason(text: str) -> str:
    return one_line(text, longest=LONGEST_REASON)
