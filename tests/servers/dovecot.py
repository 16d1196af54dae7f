"""Owns a real Dovecot for tests: IMAP in plain and with TLS, rootless, a mailbox for whoever logs in.

Every name is a user and all share one password. Mail is put in by IMAP APPEND; LMTP lost,
since it would need one more package and would show nothing more.
"""

import grp
import imaplib
import itertools
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from tests.servers.certificates import make_certificate
from tests.servers.ports import answers, free_port
from tests.servers.processes import Account, ServerProcess, find_program

PACKAGE = "dovecot-imapd"
PASSWORD = "test-password"

CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
default_internal_user = {account.name}
default_internal_group = {group}
default_login_user = {account.name}
first_valid_uid = {account.uid}
first_valid_gid = {account.gid}

ssl = yes
ssl_cert = <{certificate.certificate}
ssl_key = <{certificate.key}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0 secs
auth_username_format = %Lu
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
userdb {{
  driver = static
  args = allow_all_users=yes uid={account.uid} gid={account.gid} home={folder}/mail/%u
}}
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 100

service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  # A wrong password must not slow down the tests that come after it.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""

OAUTH_CONFIGURATION = """
introspection_mode = post
introspection_url = http://127.0.0.1:{tokens_port}/introspect
username_attribute = username
active_attribute = active
active_value = true
tokeninfo_url =
timeout_msecs = 2000
"""


class DovecotServer:
    """An IMAP server whose mailboxes come into being when they are first used.

    Tokens it believes as the TokenServer says that a test starts on ``tokens_port``.
    """

    host = "127.0.0.1"
    password = PASSWORD

    def __init__(self) -> None:
        self._account = account = Account.for_server()
        self._numbers = itertools.count(1)
        program = find_program("dovecot", package=PACKAGE)
        if Path("/usr/lib/dovecot").is_dir():  # Debian's core package brings no IMAP
            find_program("/usr/lib/dovecot/imap", package=PACKAGE)
        self.port = free_port()
        self.tls_port = free_port()
        self.tokens_port = free_port()
        self._folder = account.make_folder("dovecot")
        self.certificate = make_certificate(self._folder)
        account.give(self.certificate.key)
        self._configuration = self._folder / "dovecot.conf"
        self._configure(account)
        self._process = ServerProcess(
            [program, "-F", "-c", str(self._configuration)],
            account=account,
            folder=self._folder,
            is_ready=lambda: answers(self.port) and answers(self.tls_port),
        )

    def _configure(self, account: Account) -> None:
        text = CONFIGURATION.format(
            account=account,
            group=grp.getgrgid(account.gid).gr_name,
            folder=self._folder,
            certificate=self.certificate,
            password=self.password,
            port=self.port,
            tls_port=self.tls_port,
        )
        self._configuration.write_text(text)
        (self._folder / "oauth2.conf").write_text(OAUTH_CONFIGURATION.format(tokens_port=self.tokens_port))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def is_running(self) -> bool:
        """Return whether the server runs."""
        return self._process.is_running

    def start(self) -> None:
        """Start on the same ports with the same mail, and return once it answers."""
        self._process.start()

    def stop(self) -> None:
        """End the server; connections break, mail stays."""
        self._process.stop()

    def kill(self) -> None:
        """Kill the server with every session at once; mail stays."""
        self._process.kill()

    def restart(self) -> None:
        """Break every connection and come back on the same ports with the same mail."""
        self.stop()
        self.start()

    @contextmanager
    def connect(self, user: str, *, folder: str | None = "INBOX") -> Iterator[imaplib.IMAP4]:
        """Log a user in over plain IMAP, with the folder selected for writing unless it is None."""
        with imaplib.IMAP4(self.host, self.port, timeout=20) as connection:
            connection.login(user, self.password)
            if folder is not None:
                _expect_ok(connection.select(_quoted(folder)))
            yield connection

    def new_user(self) -> str:
        """Return a user whom no other test knows, with an empty mailbox."""
        return f"user{next(self._numbers)}@desk.example"

    def append(self, user: str, raw: bytes, *, folder: str = "INBOX", flags: str = "") -> int:
        """Put a raw message into a mailbox, making the folder when it is not there, and return its UID.

        Lines are ended by CRLF on the way, as IMAP demands. ``flags`` as in ``"\\\\Seen \\\\Flagged"``.
        """
        with self.connect(user, folder=None) as connection:
            if folder != "INBOX":
                connection.create(_quoted(folder))  # a refusal means that it is there already
            _expect_ok(connection.append(_quoted(folder), f"({flags})" if flags else "", "", raw))
            return _last_number(connection, "APPENDUID")

    def append_all(self, user: str, raws: Iterable[bytes]) -> None:
        """Put many raw messages into the inbox over one connection."""
        with self.connect(user, folder=None) as connection:
            for raw in raws:
                _expect_ok(connection.append("INBOX", "", "", raw))

    def messages(self, user: str, *, folder: str = "INBOX") -> list[bytes]:
        """Return the raw messages of a folder, oldest first, without marking them as read."""
        with self.connect(user, folder=folder) as connection:
            answer = _expect_ok(connection.uid("FETCH", "1:*", "(BODY.PEEK[])"))
        return [part[1] for part in answer if isinstance(part, tuple)]

    def flags(self, user: str, uid: int, *, folder: str = "INBOX") -> frozenset[str]:
        """Return the flags of one message, such as ``\\\\Seen``."""
        with self.connect(user, folder=folder) as connection:
            answer = _expect_ok(connection.uid("FETCH", str(uid), "(FLAGS)"))
        lines = [line for line in answer if isinstance(line, bytes)]
        return frozenset(flag.decode() for line in lines for flag in imaplib.ParseFlags(line))

    def folders(self, user: str) -> list[str]:
        """Return the names of a user's folders as the server spells them."""
        with self.connect(user, folder=None) as connection:
            answer = _expect_ok(connection.list())
        return [line.decode().rpartition(' "." ')[2].strip('"') for line in answer if isinstance(line, bytes)]

    def renumber(self, user: str, *, folder: str = "INBOX") -> int:
        """Give a folder a new UIDVALIDITY, as a server does that was restored from a copy, and return it."""
        with self.connect(user, folder=folder) as connection:
            validity = _last_number(connection, "UIDVALIDITY") + 1
        doveadm = [find_program("doveadm", package="dovecot-core"), "-c", str(self._configuration)]
        change = ["mailbox", "update", "--uid-validity", str(validity), "-u", user, folder]
        subprocess.run(self._account.wrap([*doveadm, *change]), check=True, capture_output=True, cwd=self._folder)
        return validity

    def back_up(self, user: str) -> None:
        """Keep a copy of a user's mailbox as it is, beside it."""
        self._put(self._mailbox(user), f"{self._mailbox(user)}.backup")

    def put_back(self, user: str) -> None:
        """Put the copy in the place of a user's mailbox, with its UIDVALIDITY and UIDs, as from a backup of files."""
        self._put(f"{self._mailbox(user)}.backup", self._mailbox(user))

    def _mailbox(self, user: str) -> str:
        return str(self._folder / "mail" / user)

    def _put(self, source: str, target: str) -> None:
        self.stop()
        for command in (["rm", "-rf", target], ["cp", "-a", source, target]):
            subprocess.run(self._account.wrap(command), check=True, capture_output=True, cwd=self._folder)
        self.start()


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _expect_ok(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"The server answered {status}: {data}")
    return data


def _last_number(connection: imaplib.IMAP4, code: str) -> int:
    _, (line, *_) = connection.response(code)
    assert isinstance(line, bytes), f"The server did not tell its {code}."
    return int(line.split()[-1])
