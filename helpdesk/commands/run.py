"""``helpdesk run``: keeps a desk going until it is told to stop, then ends with 0.

It begins anew when it holds too much (recycling.py).
"""

from contextlib import closing

import click

from helpdesk import app
from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.opening import require_file
from helpdesk.commands.recycling import Recycling
from helpdesk.commands.serving import address_of, bind, serving
from helpdesk.commands.stopping import stopping
from helpdesk.commands.working import await_database, services_of, tell, wait, working
from helpdesk.kernel.settings import Settings


@verb("run")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 is every one.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
def run(asked: Asked, *, host: str, port: int) -> None:
    """Serve the desk: web, workers and listeners in one process, until Ctrl-C."""
    recycling = Recycling()
    require_file(asked.settings())
    with stopping() as stop, closing(recycling.bound or bind(host, port)) as bound:
        url = address_of(bound, host)
        chosen = settings_at(asked, url)
        await_database(chosen, stop)
        made = app.create_app(chosen)
        services = services_of(chosen)
        lines = [f"{slug}: {chosen.base_url}/{slug}/hc  {chosen.base_url}/{slug}/graphql" for slug in services]
        text = "\n".join([f"The desk serves at {url}. Ctrl-C stops it.", *lines])
        with serving(made, bound.dup(), chosen), working(chosen):  # the web answers while the work ends
            tell(asked, recycling, data={"url": url, "services": services}, text=text, chosen=chosen)
            is_recycled = wait(asked, stop, recycling=recycling, chosen=chosen)
            if not is_recycled:
                bound.close()  # else who connects would wait for an answer that never comes
        if is_recycled:
            recycling.begin_anew(stop, bound)


def settings_at(asked: Asked, url: str, **overrides: object) -> Settings:
    """Return the settings, with links that lead to the URL unless somebody has said where they are to lead."""
    chosen = asked.settings(**overrides)
    return chosen if "base_url" in chosen.model_fields_set else asked.settings(base_url=url, **overrides)
