"""Tries a whole plugin's settings."""

from dataclasses import dataclass

from helpdesk.hosting import calls
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.text import one_line

SECONDS = 60.0
LONGEST_MESSAGE = 1000


@dataclass(frozen=True, slots=True)
class Check:
    """How a test of a plugin's settings went; ``message`` says what is wrong."""

    is_ok: bool
    message: str


def check(actor: Actor, name: str) -> Check:
    """Try the plugin's settings in the actor's service and return how it went.

    Raises Unavailable (PLUGIN_NOT_ENABLED) for a plugin that is not in use there.
    """
    actor.require("plugin.write")
    calls.require(name, actor.service_id)
    try:
        calls.call(name, "check", actor.service_id, lambda plugin, host: plugin.check(host), seconds=SECONDS)
    except Exception as error:  # whatever is wrong, its words are for the administrator
        return Check(False, one_line(str(error) or type(error).__name__, longest=LONGEST_MESSAGE))
    return Check(True, "The settings work.")
