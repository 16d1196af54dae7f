"""Remembers how trials went, so that a plugin whose files have not changed is not tried at every start."""

from collections.abc import Mapping
from typing import Any

from helpdesk.kernel import db
from helpdesk.kernel.db import transactional
from helpdesk.plugins import loading, trial
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.loading import Candidate
from helpdesk.plugins.models import PluginTrial


def passed() -> Mapping[tuple[Kind, str], str]:
    """Return the fingerprints of the plugins that were tried and went well, by kind and name."""
    with db.connection():
        rows: Any = PluginTrial.select(PluginTrial.kind, PluginTrial.name, PluginTrial.fingerprint)
        return {(kind, name): fingerprint for kind, name, fingerprint in rows.tuples()}


def fault_of(candidate: Candidate) -> str:
    """Return what is wrong with importing the candidate, or nothing. Tries it unless that was done before.

    A bad verdict is not remembered: what was missing may be there the next time.
    """
    print_of = loading.fingerprint(candidate)
    with db.connection():
        known = PluginTrial.get_or_none(PluginTrial.kind == candidate.kind, PluginTrial.name == candidate.name)
        if known is not None and known.fingerprint == print_of:
            return ""
        fault = trial.try_out(candidate)
        if not fault:
            _remember(candidate, print_of)
        return fault


@transactional
def _remember(candidate: Candidate, print_of: str) -> None:
    PluginTrial.insert(kind=candidate.kind, name=candidate.name, fingerprint=print_of).on_conflict(
        conflict_target=(PluginTrial.kind, PluginTrial.name), update={PluginTrial.fingerprint: print_of}
    ).execute()
