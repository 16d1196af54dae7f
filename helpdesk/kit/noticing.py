"""Notices where plugins have failed on a desk, by whichever way the desk learns of it."""

from helpdesk import signals
from helpdesk.hosting import queries as hosting
from helpdesk.plugins import guard, registry
from helpdesk.plugins.guard import Problem, Ref
from helpdesk.plugins.kinds import Kind


class Notes:
    """What has failed since the desk was opened."""

    def __init__(self) -> None:
        guard.take_problems()
        self._problems: list[Problem] = []

    def of(self, ref: Ref, service_id: int) -> list[str]:
        """Return the failures of one plugin, as ``hook: reason``, each once."""
        self._problems += guard.take_problems()
        found = [f"{one.hook}: {one.reason}" for one in self._problems if one.ref == ref]
        found += [
            f"{one.topic}: {one.reason or 'it failed'}"
            for one in signals.owned()
            if one.owner == ref and one.errors + one.overruns
        ]
        plugin = registry.get(Kind.PLUGIN, ref.name) if ref.kind is Kind.PLUGIN else None
        if plugin is not None:
            found += [f"{one.hook}: {one.reason}" for one in hosting.undone(service_id, ref.name, plugin)]
        return list(dict.fromkeys(found))


def called(ref: Ref) -> list[str]:
    """Return the hooks of a plugin that were called through the guard, as all are but receivers."""
    return [hook for (owner, hook), gauge in guard.gauges().items() if owner == ref and gauge.calls]
