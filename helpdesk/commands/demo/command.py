"""``helpdesk demo``: a desk to look at, with nothing to install: web, workers and a mail server in one process."""

import fcntl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import click

from helpdesk import app
from helpdesk.channels import inbox
from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.demo.desk import ADDRESS, DemoDesk, open_desk
from helpdesk.commands.demo.filling import fill
from helpdesk.commands.demo.mail_server import MailServer
from helpdesk.commands.demo.postbox import Postbox
from helpdesk.commands.demo.staffing import staffed
from helpdesk.commands.demo.stories import stories
from helpdesk.commands.opening import make_folder
from helpdesk.commands.progress import progress
from helpdesk.commands.serving import address_of, bind, serving
from helpdesk.commands.stopping import FINISHING, Stopping, stopping
from helpdesk.commands.working import working
from helpdesk.kernel import db
from helpdesk.kernel.db import last_number
from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.settings import Settings

HOST = "127.0.0.1"
MOST = 1_000_000


@verb("demo")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--smtp-port", default=0, type=click.IntRange(0, 65535), help="Port of its mail server; else a free one.")
@click.option("--tickets", type=click.IntRange(1, MOST), help=f"Make up tickets until there are so many, to {MOST:,}.")
def demo(asked: Asked, *, port: int, smtp_port: int, tickets: int | None) -> None:
    """Show a desk with tickets in Korean and English, until Ctrl-C. It stays where --data names a folder."""
    with stopping() as stop, ExitStack() as held:
        bound = held.enter_context(closing(bind(HOST, port)))
        mail_socket = held.enter_context(closing(bind(HOST, smtp_port, option="--smtp-port")))
        folder = held.enter_context(_folder(asked))
        chosen = _settings(asked, folder, address_of(bound, HOST))
        made = app.create_app(chosen)
        with db.connection():
            desk = open_desk(stories(), smtp_port=mail_socket.getsockname()[1])
            if not _filled(asked, desk, stop, total=tickets or 0):
                return
        mail = MailServer(mail_socket, _Delivery(desk, Postbox(folder / "mail"), chosen), largest=chosen.max_mail_bytes)
        mail.start()
        held.callback(mail.stop)
        held.enter_context(working(chosen))
        held.enter_context(serving(made, bound, chosen))
        _show(asked, desk, chosen, mail.port)
        stop.wait()
        asked.remark(FINISHING)


def _filled(asked: Asked, desk: DemoDesk, stop: Stopping, *, total: int) -> bool:
    """Make tickets up to the total. False when somebody wants an end: what is made by then stays."""
    missing = total - last_number("ticket", desk.service_id)
    if missing <= 0:
        return True
    with progress(asked, "Tickets", missing) as shown:

        def told(count: int) -> bool:
            shown(count)
            return not stop.is_wished

        fill(staffed(desk.service_id, desk.account_id, total=total), told)
    return not stop.is_wished


def _settings(asked: Asked, folder: Path, url: str) -> Settings:
    """Return settings of a desk in the folder alone: a real desk's database is never touched by a demo."""
    return asked.quiet_settings("WARNING", data_dir=folder, database_url="", redis_url="", base_url=url)


@contextmanager
def _folder(asked: Asked) -> Iterator[Path]:
    """Hold the folder of the demo, a temporary one unless one was named. Raises Conflict while another demo has it."""
    with ExitStack() as held:
        if "data_dir" in (named := asked.settings()).model_fields_set:
            folder = named.data_dir.resolve()
        else:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="helpdesk-demo-"))).resolve()
        make_folder(folder)
        lock = held.enter_context((folder / "demo.lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(f"A demo runs in {folder} already; stop it, or name another folder by --data.") from error
        yield folder


class _Delivery:
    """Where a mail goes: into the desk's inbox when it is for the desk, else into the Maildir of its reader."""

    def __init__(self, desk: DemoDesk, postbox: Postbox, settings: Settings) -> None:
        self._desk, self._postbox, self._settings = desk, postbox, settings

    def __call__(self, recipient: str, raw: bytes) -> None:
        """Deliver for one recipient."""
        if not _is_desk(recipient):
            self._postbox.deliver(recipient, raw)
            return
        largest = self._settings.max_mail_bytes
        with db.connection():
            inbox.hand_in(self._desk.account_id, self._desk.service_id, raw, largest=largest)


def _is_desk(recipient: str) -> bool:
    """Return whether the address is the desk's, also with a reply token (``support+t.…@``)."""
    name, _, domain = recipient.strip().lower().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}" == ADDRESS


def _show(asked: Asked, desk: DemoDesk, settings: Settings, smtp_port: int) -> None:
    url = f"{settings.base_url}/demo"
    folder = str(settings.data_dir)
    data = {
        "graphql": f"{url}/graphql",
        "help_center": f"{url}/hc",
        "key": desk.key,
        "data": folder,
        "smtp": f"{HOST}:{smtp_port}",
        "mail": f"{folder}/mail",
        "admin": {"email": desk.admin_email, "password": desk.admin_password},
    }
    asked.answer(data, _page(data, desk))


def _page(data: Mapping[str, object], desk: DemoDesk) -> str:
    query = '{"query": "{ tickets(first: 5) { nodes { number subject status } } }"}'
    return f"""\
The demo serves. Ctrl-C stops it.

  Help center    {data["help_center"]}
  GraphQL        {data["graphql"]}  (GraphiQL in a browser)
  Service key    {desk.key}
  Administrator  {desk.admin_email}  {desk.admin_password}
  Mail in        smtp://{data["smtp"]}  to {ADDRESS}
  Mail out       {data["mail"]}/ADDRESS/new  (a Maildir for each address)
  Data           {data["data"]}

  curl -s {data["graphql"]} -H 'Authorization: Bearer {desk.key}' \\
    -H 'Content-Type: application/json' -d '{query}'
"""
