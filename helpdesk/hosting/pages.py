"""Pages and webhooks of plugins: which hook a request is for, and an answer in every case.

Pure of HTTP: the web sheet hands in a ``WebRequest`` and gets a ``WebAnswer``. Somebody who asks is
told by the desk's own sentences alone, never by what a failing plugin says. A webhook's bytes are
stored, and left for a worker, before the provider is told that we have them.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from helpdesk.hosting import calls, operations, rules
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.kernel.storage import storage
from helpdesk.kernel.text import one_line
from helpdesk.plugins import guard, registry
from helpdesk.plugins.guard import WrongAnswer
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.proofs import without_proofs
from helpdesk.sdk.errors import Denied, Unverified
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import Hook, HookKind, Plugin
from helpdesk.sdk.web import WebAnswer, WebRequest

log = logging.getLogger(__name__)

PAGE_SECONDS = 10.0
VERIFY_SECONDS = 5.0
LARGEST_ANSWER_BYTES = 10 * 1024 * 1024
MOST_HEADERS = 64
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e\xa0-\xff]{0,4096}")
_TYPE = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,199}")


def answer(service_id: int, name: str, request: WebRequest, *, largest: int) -> WebAnswer:
    """Return the plugin's answer to the request, or the desk's own when there is none. Never raises.

    A HEAD request is answered like GET; whoever sends the answer leaves out its body.
    """
    plugin = registry.get(Kind.PLUGIN, name, service_id=service_id)
    here = [] if plugin is None else _hooks_at(plugin, request.path)
    if not here:
        return _said(404, "There is nothing at this address.")
    method = "GET" if request.method == "HEAD" else request.method
    hook = next((one for one in here if method in _methods(one)), None)
    if hook is None:
        allowed = ", ".join(sorted({method for one in here for method in _methods(one)}))
        return _said(405, "This address does not take that method.", {"Allow": allowed})
    try:
        return _asked(service_id, name, hook, request, largest=largest)
    except Exception as error:  # whatever went wrong, whoever asks gets an answer
        return _told(error, name, hook.name)


def _hooks_at(plugin: type[Plugin], path: str) -> list[Hook]:
    found = rules.hooks(plugin, HookKind.PAGE, HookKind.WEBHOOK)
    return [hook for hook in found if hook.facts["path"].strip("/") == path.strip("/")]


def _asked(service_id: int, name: str, hook: Hook, request: WebRequest, *, largest: int) -> WebAnswer:
    if hook.kind is HookKind.WEBHOOK:
        return _take(service_id, name, hook, request, largest=largest)
    show = partial(_page, hook.name, request)
    return calls.call(name, hook.name, service_id, show, seconds=PAGE_SECONDS, rests=False)  # strangers ask


def _told(error: Exception, name: str, hook: str) -> WebAnswer:
    """Return what somebody who asks is told of an error; what it says itself goes into the log."""
    extra = {"plugin": name, "hook": hook, "reason": one_line(str(error), longest=500)}
    if isinstance(error, Unverified):
        log.warning("plugin turned a caller away", extra=extra)
        return _said(401, "The request is not signed as it should be.")
    if isinstance(error, Denied):
        log.warning("plugin was denied", extra=extra)
        return _said(403, "This is not allowed here.")
    log.warning("plugin page unavailable", extra=extra, exc_info=not isinstance(error, HelpdeskError))
    return _said(503, "This page cannot be shown now; try again in a moment.", {"Retry-After": "30"})


def _methods(hook: Hook) -> Sequence[str]:
    return ("POST",) if hook.kind is HookKind.WEBHOOK else tuple(hook.facts["methods"])


def _page(hook: str, request: WebRequest, plugin: Plugin, host: Host) -> WebAnswer:
    given = guard.expect(getattr(plugin, hook)(host, request), WebAnswer)
    return _checked(given)


def _checked(given: WebAnswer) -> WebAnswer:
    """Return the answer if it can be sent. Raises WrongAnswer, as part of the plugin's own call."""
    guard.expect(given.body, str, bytes)
    guard.expect(given.status, int)
    if isinstance(given.status, bool) or not 200 <= given.status <= 599:
        raise WrongAnswer(f"it answered with the status {given.status}, which is none")
    if len(given.body) > LARGEST_ANSWER_BYTES:
        raise WrongAnswer(f"it answered more than {LARGEST_ANSWER_BYTES} bytes")
    if not _TYPE.fullmatch(guard.expect(given.content_type, str)):
        raise WrongAnswer("its content type is none")
    headers = guard.expect(given.headers, Mapping)
    pairs = [(name, value) for name, value in headers.items() if isinstance(name, str) and isinstance(value, str)]
    fits = all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in pairs)
    if len(pairs) != len(headers) or len(pairs) > MOST_HEADERS or not fits:
        raise WrongAnswer("its headers are not names and values of one line")
    return given


def _take(service_id: int, name: str, hook: Hook, request: WebRequest, *, largest: int) -> WebAnswer:
    """Verify, store and answer."""
    check = partial(_verify, hook.facts["verify"], request)
    calls.call(name, f"{hook.name}.verify", service_id, check, seconds=VERIFY_SECONDS, rests=False)
    secrets = calls.secrets_for(name, service_id)
    stored = storage().put(request.body, limit_bytes=largest)
    kept = {
        "method": request.method,
        "path": request.path,
        "headers": without_proofs(request.headers, secrets),
        "query": without_proofs(request.query, secrets),
        "address": request.address,
    }
    operations.keep_webhook(name, service_id, hook.name, storage_key=stored.key, request=kept)
    return WebAnswer("ok\n")


def _verify(verify: Any, request: WebRequest, plugin: Plugin, host: Host) -> None:
    verify(plugin, host, request)


def _said(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> WebAnswer:
    return WebAnswer(f"{sentence}\n", status, headers=dict(headers or {}))
