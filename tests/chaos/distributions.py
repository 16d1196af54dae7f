"""Every plugin that a desk should never meet: what it is made of, and what is to be said of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpdesk.plugins.kinds import GROUPS, Kind
from tests.chaos import behaving, settings, wheels

PLUGS = Path(__file__).parent / "plugs"

CHANNEL = """
from helpdesk.sdk.channel import Channel, Identity, Inbound, Sent


class Plug(Channel):
    title = {"en": "Plug"}

    def receive(self, request):
        return ()

    def send(self, message):
        return Sent()
"""
PLUGIN = """
from helpdesk.sdk.plugin import Plugin, receiver


class Plug(Plugin):
    title = {"en": "Plug"}
"""


@dataclass(frozen=True)
class Plug:
    """One distribution; ``said`` is what its state is to say.

    ``names`` are the classes that its entry points lead to, by their kind and the end of their name.
    """

    source: str
    said: str
    state: str = "QUARANTINED"
    names: Mapping[tuple[Kind, str], str] = field(default_factory=lambda: {(Kind.CHANNEL, ""): "Plug"})
    known_as: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


WHOLE: Mapping[tuple[Kind, str], str] = {(Kind.PLUGIN, ""): "Plug"}


def _channel(said: str, text: str, *, state: str = "QUARANTINED") -> Plug:
    return Plug(text, said, state)


def _plugin(said: str, text: str, *, files: Mapping[str, str] | None = None, known_as: str = "") -> Plug:
    return Plug(text, said, names=WHOLE, files=files or {}, known_as=known_as)


REFUSED: Mapping[str, Plug] = {
    "importerror": _channel("ImportError: no", "raise ImportError('no')"),
    "assertion": _channel("AssertionError: no", "assert False, 'no'"),
    "systemexit": _channel("SystemExit: 3", "raise SystemExit(3)"),
    "memory": _channel("MemoryError", "raise MemoryError"),
    "recursion": _channel("RecursionError", "def f():\n    f()\n\n\nf()"),
    "osexit": _channel("ended the process with status 7", "import os\n\nos._exit(7)"),
    "segfault": _channel("ended the process by signal 11", "import ctypes\n\nctypes.string_at(0)"),
    "slow": _channel("does not end within 10 seconds", "import time\n\ntime.sleep(60)"),
    "class": _channel("must name a subclass", "class Plug:\n    pass"),
    "api": _channel("written for 99", CHANNEL + "    api = 99\n", state="INCOMPATIBLE"),
    "settings": _channel("subclass of ChannelSettings", CHANNEL + "    Settings = dict\n"),
    "migration": _plugin(
        "its migrations failed",
        PLUGIN + "    from pathlib import Path\n\n    migrations = Path(__file__).parent / 'migrations'\n",
        files={
            "migrations/0001_half.py": "def up(migrator, db):\n"
            "    db.execute_sql('CREATE TABLE p_migration_first (id INTEGER)')\n"
            "    raise RuntimeError('half-way')\n\n\n"
            "def down(migrator, db):\n    pass\n"
        },
    ),
    "foreign": _plugin(
        "its migrations failed",
        PLUGIN + "    from pathlib import Path\n\n    migrations = Path(__file__).parent / 'migrations'\n",
        files={
            "migrations/0001_core.py": "def up(migrator, db):\n    db.execute_sql('DELETE FROM message')\n\n\n"
            "def down(migrator, db):\n    pass\n"
        },
    ),
    "shadow": _plugin(
        "ChannelAccount",
        "from dataclasses import dataclass\n\nfrom helpdesk.sdk.graphql import described, query\n"
        + PLUGIN.replace("class Plug(", "@dataclass(frozen=True)\nclass Account:\n    \"\"\"An account.\"\"\"\n\n"
                         "    name: str = described('A name.')\n\n\nclass Plug(")
        + "\n    @query(right='ticket.read', description='Shadows.')\n"
        "    def shadow(self, host) -> Account:\n        return Account('x')\n",
        known_as="channel",
    ),
    "type": _plugin(
        "answer",
        "from helpdesk.sdk.graphql import query\n" + PLUGIN
        + "\n    @query(right='ticket.read', description='Does not build.')\n"
        "    def answer(self, host) -> complex:\n        return 1j\n",
    ),
}  # fmt: skip
"""Those that cannot be used at all."""

WRITES = (
    PLUGIN.replace("import Plugin, receiver", "import Plugin, receiver\nfrom helpdesk.sdk.events import TicketCreated")
    + """
    @receiver(TicketCreated)
    def received(self, host, event):
        from helpdesk.sdk.tables import Table

        Table._meta.database.execute_sql("UPDATE ticket SET subject = 'stolen'")
"""
)
PAGE = PLUGIN.replace(
    "import Plugin, receiver", "import Plugin, receiver\nfrom helpdesk.sdk.web import WebAnswer, page"
)
LEAK = """
    @page("hello")
    def hello(self, host, request):
        import threading

        for _ in range({count}):
            threading.Thread(target=threading.Event().wait, daemon=True).start()
            KEPT.append(open(__file__))
        {line}


KEPT = []
"""


def _crashing(line: str) -> str:
    return CHANNEL.replace("        return ()\n", f"        {line}\n")


WORKING: Mapping[str, Plug] = {
    **{
        name: Plug(behaving.source(name), "", "DEGRADED", behaving.NAMES, files=behaving.FILES)
        for name in behaving.LINES
    },
    **{name: Plug(settings.source(name), "", "DEGRADED", settings.NAMES) for name in settings.BREAKS},
    "writes": Plug(WRITES, "Trespass", "DEGRADED", WHOLE),
    "leaks": Plug(PAGE + LEAK.format(count=10, line='raise RuntimeError("leaked")'), "leaked", "DEGRADED", WHOLE),
    "drips": Plug(PAGE + LEAK.format(count=50, line='return WebAnswer("hello")'), "", "ENABLED", WHOLE),
    "exiting": Plug(_crashing("import os; os._exit(3)"), "ended with status 3", "DEGRADED"),
    "crashing": Plug(_crashing("import ctypes; ctypes.string_at(0)"), "SIGSEGV", "DEGRADED"),
}
"""Those that can be enabled, and fail when they are called."""

STEADY = Plug(
    (PLUGS / "steady.py").read_text(), "", "ENABLED", {(Kind.CHANNEL, ""): "Steady", (Kind.PLUGIN, ""): "SteadyPlugin"}
)

VAULT = Plug((PLUGS / "vault.py").read_text(), "", "ENABLED", {(Kind.STORAGE, ""): "Vault"})
"""A storage that behaves as a file says."""

GALE = Plug(
    "from pathlib import Path\n\nFOLDER = Path(__file__).parent", "", "ENABLED", {(Kind.THEME, ""): "FOLDER"},
    files={
        "theme.toml": (PLUGS / "gale.toml").read_text(),
        "locales/en.toml": "",
        "templates/pages/home.html": "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    },
)  # fmt: skip
"""A theme whose home page has no end."""

CLASH = Plug(CHANNEL, "remove all but one", known_as="webhook")
"""One that shares its name with a bundled channel, and takes it down by being installed."""


def entry_points(name: str, plug: Plug) -> list[tuple[str, str]]:
    """Return the kind and the name of each entry point of a distribution."""
    return [(str(kind), (plug.known_as or name) + end) for kind, end in plug.names]


def write(folder: Path) -> list[Path]:
    """Write every distribution but the clashing one into the folder, and return them."""
    everything = {"steady": STEADY, "vault": VAULT, "gale": GALE, **REFUSED, **WORKING}
    return [_write(folder, name, plug) for name, plug in everything.items()]


def write_clash(folder: Path) -> Path:
    """Write the clashing distribution into the folder, and return it."""
    return _write(folder, "clash", CLASH)


def _write(folder: Path, name: str, plug: Plug) -> Path:
    package = f"chaos_{name}"
    files = {f"{package}/{place}": text for place, text in {"__init__.py": plug.source, **plug.files}.items()}
    return wheels.write(folder, f"chaos-{name}", files, entry_points=_leading(name, package, plug))


def _leading(name: str, package: str, plug: Plug) -> str:
    """Return the entry points of a distribution, by their groups."""
    groups: dict[str, str] = {}
    for (kind, end), value in plug.names.items():
        groups.setdefault(f"[{GROUPS[kind]}]\n", "")
        groups[f"[{GROUPS[kind]}]\n"] += f"{plug.known_as or name}{end} = {package}:{value}\n"
    return "".join(head + lines for head, lines in groups.items())
