"""Remembers how trials went, so that a plugin whose files have not changed is not tried at every start."""

from helpdesk.kernel import db
from helpdesk.kernel.db import transactional
from helpdesk.plugins import loading, trial
from helpdesk.plugins.loading import Candidate
from helpdesk.plugins.models import PluginTrial


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
