"""Every write of what plugins have left to do. Workers do it (jobs.py)."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from helpdesk.hosting import rules
from helpdesk.hosting.models import PluginJob
from helpdesk.hosting.rules import JobState
from helpdesk.kernel import clock, jobs
from helpdesk.kernel.db import insert_once, transactional
from helpdesk.kernel.leases import in_seconds
from helpdesk.sdk.plugin import Plugin

LINE = "plugins"
KEPT = timedelta(days=7)


@transactional
def enqueue(
    name: str,
    plugin: type[Plugin],
    service_id: int,
    job: str,
    data: Mapping[str, Any],
    *,
    key: str | None = None,
    delay_seconds: float = 0,
) -> bool:
    """Leave a job for a worker; false when one with the key was left before. Raises Invalid."""
    values = {
        "hook": rules.check_job(plugin, job),
        "data": rules.check_data(data),
        "key": None if key is None else rules.check_key(key),
        "due_at": in_seconds(rules.check_delay(delay_seconds)) if delay_seconds else 0,
    }
    return _insert(name, service_id, values)


@transactional
def keep_webhook(name: str, service_id: int, hook: str, *, storage_key: str, request: Mapping[str, Any]) -> None:
    """Leave a webhook's request for a worker; its bytes are stored already."""
    values = {"hook": hook, "storage_key": storage_key, "request": dict(request), "due_at": 0}
    _insert(name, service_id, values)


def _insert(name: str, service_id: int, values: Mapping[str, Any]) -> bool:
    common = {
        "service": service_id, "plugin": name, "data": {}, "request": {}, "state": JobState.QUEUED,
        "created_at": clock.now(),
    }  # fmt: skip
    row: dict[str, Any] = {**common, **values}
    row["key"] = row.get("key") or secrets.token_hex(16)
    is_new = insert_once(PluginJob, row) is not None
    if is_new:
        jobs.wake(LINE)
    return is_new


def forget_done() -> int:
    """Drop jobs that were done a week ago and return how many; those that failed stay."""
    old = PluginJob.finished_at < clock.now() - KEPT
    return int(PluginJob.delete().where(PluginJob.state == JobState.DONE, old).execute())
