"""``helpdesk worker``: does a desk's work beside other processes until it is told to stop, then ends with 0."""

import os

from helpdesk import starting
from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.opening import require_file
from helpdesk.commands.recycling import Recycling
from helpdesk.commands.stopping import stopping
from helpdesk.commands.working import await_database, services_of, tell, wait, working


@verb("worker")
def worker(asked: Asked) -> None:
    """Do the desk's work without the web: file what comes in, send what goes out, listen; until Ctrl-C."""
    recycling = Recycling()
    chosen = asked.settings()
    require_file(chosen)
    with stopping() as stop:
        await_database(chosen, stop)
        starting.start(chosen)
        services = services_of(chosen)
        text = f"The worker works for {', '.join(services)}. Ctrl-C stops it."
        with working(chosen):
            data = {"pid": os.getpid(), "services": services}
            tell(asked, recycling, data=data, text=text, chosen=chosen)
            is_recycled = wait(asked, stop, recycling=recycling, chosen=chosen)
        if is_recycled:
            recycling.begin_anew(stop)
