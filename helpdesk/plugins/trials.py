"""Remembers how trials went, so that a plugin whose files have not changed is not tried at every start.

What went well in a trial may still end or hold up the process in which it counts: the verdict is forgotten while
that imports it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from helpdesk.kernel import db
from helpdesk.kernel.db import transactional
from helpdesk.plugins import loading, trial
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.loading import Candidate
from helpdesk.plugins.models import PluginTrial


def begin(candidates: Sequence[Candidate]) -> None:
    """Forget the verdicts on what this process is about to import: if that ends it, the next process tries anew."""
    if candidates:
        with db.connection():
            for one in candidates:
                PluginTrial.delete().where(PluginTrial.kind == one.kind, PluginTrial.name == one.name).execute()


def end(candidates: Sequence[Candidate]) -> None:
    """Remember again what this process has imported well."""
    if candidates:
        with db.connection():
            for one in candidates:
                _remember(one, loading.fingerprint(one))


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
