"""No truth lives in a process: whatever a module keeps is named here, with what keeps it from being stale.

Another process may change the database at any time. What is kept beside it is either made of code, of files that an
installation brings, or of the settings a process starts with; or somebody compares it with the database, or it is
this process's own, such as its threads.
"""

import ast
from collections.abc import Iterator

from tests.house.tree import ROOT, package_files

CODE = "made of classes and functions, which a process does not change"
FILES = "made of files that are installed, and read once"
START = "what the process was started with"
OWN = "this process's own, and nobody else's business"
TOLD = "followed within two seconds: the registry asks once a second what was done to plugins (plugins/watching.py)"

KEPT = {
    "access/notices.py _post": CODE,
    "agents/rules.py _normalized": "a function of its arguments alone",
    "channels/accounts.py _drivers": "compared at each use with the account's version as it was just read",
    "channels/answers.py hints_of": CODE,
    "channels/floods.py _chosen": START,
    "channels/lanes.py _turned_away": OWN,
    "channels/lanes.py _under_way": OWN,
    "channels/processes.py _children": OWN,
    "fields/queries.py _ref": CODE,
    "graphql/ids.py _by_name": CODE,
    "graphql/ids.py _by_row": CODE,
    "graphql/serving.py _core": CODE,
    "hosting/addresses.py _desk": START,
    "hosting/instances.py _locks": OWN,
    "hosting/instances.py _made": TOLD,
    "hosting/instances.py _told": TOLD,
    "hosting/jobs.py _threads": OWN,
    "hosting/life.py _connected": TOLD,
    "hosting/slots.py _slots_of": CODE,
    "hosting/words.py _texts": FILES,
    "kernel/clock.py _hands": OWN,
    "kernel/clock.py _steps": OWN,
    "kernel/conditions.py _fold": "a function of its arguments alone",
    "kernel/crypto.py _derive": "a function of its arguments alone",
    "kernel/crypto.py _newest": "compares the file with what it was at each use (keyfile.py)",
    "kernel/crypto.py _passwords": START,
    "kernel/db.py _pending": OWN,
    "kernel/dispatching.py _here": OWN,
    "kernel/events.py _wiring": CODE,
    "kernel/failpoints.py _armed": START,
    "kernel/html.py _CLEANER": CODE,
    "kernel/html.py _CLEANER_BUT_FOR_COMMENTS": CODE,
    "kernel/http.py _client": OWN,
    "kernel/jobs.py _desk": START,
    "kernel/leases.py _held_back": OWN,
    "kernel/logs.py _FOLD": OWN,
    "kernel/paging.py _known": CODE,
    "kernel/replica.py _replica": OWN,
    "kernel/rows.py _makers": CODE,
    "kernel/rows.py _owned": CODE,
    "kernel/rows.py _selected": CODE,
    "kernel/shapes.py _CONFLICT": CODE,
    "kernel/storage.py _storage": START,
    "kernel/texts.py _texts": CODE,
    "organization/rules.py _zones": FILES,
    "plugins/figures.py _book": OWN,
    "plugins/guard.py _guarded": OWN,
    "plugins/loading.py _read": "compared with the times of the folders that are read",
    "plugins/registry.py _registry": TOLD,
    "plugins/settings.py _schemas": CODE,
    "plugins/threads.py _pool": OWN,
    "plugins/watching.py _watch": OWN,
}
ELSEWHERE = ("commands/", "kit/", "sdk/testing/")
"""What serves nobody: commands, and what plugins are tested with."""

UNCHANGING = {
    "ContextVar", "Decimal", "Fernet", "FieldInfo", "Lock", "MappingProxyType", "NewType", "Order", "Path", "Piece",
    "RLock", "ReadOnly", "SQL", "TypeVar", "ParamSpec", "compile", "frozenset", "getLogger", "tuple", "timedelta",
    "datetime", "namedtuple",
}  # fmt: skip


def kept(source: str) -> Iterator[str]:
    """Yield the names of what a module keeps and may change: containers that begin empty, state, caches."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and any("cache" in ast.unparse(one) for one in node.decorator_list):
            yield node.name
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and _may_change(target.id, node.value):
                yield target.id


def _may_change(name: str, value: ast.expr) -> bool:
    if isinstance(value, ast.Dict | ast.List | ast.Set):
        return not ast.unparse(value).strip("{}[]()")
    if not isinstance(value, ast.Call) and not (isinstance(value, ast.Constant) and value.value is None):
        return False
    called = ast.unparse(value.func).rpartition(".")[2] if isinstance(value, ast.Call) else ""
    return name.startswith("_") and (called.startswith("_") or not name.isupper()) and called not in UNCHANGING


def test_whatever_a_process_keeps_is_known_and_never_stale() -> None:
    root = ROOT / "helpdesk"
    found = set()
    for path in sorted(root.rglob("*.py")):
        place = str(path.relative_to(root))
        if not place.startswith(ELSEWHERE) and "migrations" not in place:
            found |= {f"{place} {name}" for name in kept(path.read_text())}
    assert found == set(KEPT), "Say why another process's write does not make it stale, or keep it in the database."


def test_plugins_of_the_core_keep_nothing() -> None:
    assert [name for path in package_files() for name in kept(path.read_text()) if name != "_inliner"] == []


def test_what_is_kept_is_noticed() -> None:
    source = "a = {}\n_b: dict[str, int] = {}\n_c = _State()\nD = {1: 2}\n@cache\ndef e(): ...\n_f = None\n_g = Path()"
    assert list(kept(source)) == ["a", "_b", "_c", "e", "_f"]
