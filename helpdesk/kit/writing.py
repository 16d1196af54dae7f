"""Writes the distribution of a new plugin: a folder whose tests, types and lint pass as written.

Templates are files of the package, one folder a kind beside what all have in common. They are filled in by
``string.Template``; Jinja lost, since nothing in them is conditional, and a theme's templates are written in it.
The folder appears whole, by one rename, or not at all.
"""

import keyword
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from string import Template

from helpdesk.kernel.errors import Conflict, Invalid
from helpdesk.plugins.kinds import GROUPS, Kind

TEMPLATES = Path(__file__).parent / "templates"
SUFFIX = ".template"
PREFIX = "helpdesk-"
_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_LENGTHS = range(2, 33)


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the folder, the distribution, its plugin, and the file to edit."""

    folder: Path
    distribution: str
    name: str
    kind: Kind
    edit: Path
    files: tuple[Path, ...]


def write(given: str, kind: Kind, *, folder: Path | None = None) -> Written:
    """Write a distribution into the folder, ``helpdesk-<name>`` unless told otherwise.

    A name that begins with ``helpdesk-`` is taken as the distribution's own. Raises Invalid for a name that
    would not work, and Conflict for one that is taken and for a folder that exists.
    """
    name = checked(given.removeprefix(PREFIX))
    _require_free(name, kind)
    words = _words(name, kind, PREFIX + given.removeprefix(PREFIX))
    target = (folder or Path(words["distribution"])).absolute()
    if target.exists() or target.is_symlink():
        raise Conflict(f"{target} exists; choose another name, or another place by --folder.", path=("folder",))
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
    try:
        files = tuple(_fill(scratch / "made", kind, words))
        (scratch / "made").rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    edit = target / "src" / words["package"] / f"{words['module']}.py"
    return Written(target, words["distribution"], name, kind, edit, files)


def checked(given: str) -> str:
    """Return the name as the desk spells it, with ``_`` for ``-``. Raises Invalid with a sentence."""
    if not _NAME.fullmatch(given) or len(given) not in _LENGTHS:
        raise Invalid(
            f"“{given}” is no name for a plugin: it has 2 to 32 lower-case letters and digits, begins with a letter,"
            " and may have single - or _ between them, such as my-channel.",
            path=("name",),
        )
    name = given.replace("-", "_")
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise Invalid(f"“{given}” is a word of Python itself; choose another name.", path=("name",))
    if name in sys.stdlib_module_names:
        raise Invalid(f"“{given}” is a module of Python's own library; choose another name.", path=("name",))
    return name


def _require_free(name: str, kind: Kind) -> None:
    for taken in entry_points(group=GROUPS[kind], name=name):
        owner = taken.dist.name if taken.dist else taken.value
        raise Conflict(
            f"{owner} is installed and brings a {kind} “{name}” already; choose another name.", path=("name",)
        )


def _words(name: str, kind: Kind, distribution: str) -> Mapping[str, str]:
    """Return what the templates are filled in with."""
    title = " ".join(name.split("_")).capitalize()
    spoken = {Kind.PLUGIN: "whole plugin"}.get(kind, kind.replace("_", " "))
    camel = "".join(part.capitalize() for part in (*name.split("_"), *kind.split("_")))
    words = {
        "name": name,
        "title": title,
        "distribution": distribution.replace("_", "-"),
        "package": f"helpdesk_{name}",
        "module": str(kind),
        "object": "FOLDER" if kind is Kind.THEME else camel,
        "group": GROUPS[kind],
        "a_kind": f"{'an' if spoken[0] in 'aeiou' else 'a'} {spoken}",
    }
    configure = Template((TEMPLATES / kind / "configure.md").read_text("utf-8"))
    return words | {"configure": configure.substitute(words)}


def _fill(made: Path, kind: Kind, words: Mapping[str, str]) -> Iterator[Path]:
    """Write every template of the kind and yield the paths within the folder."""
    for source in (TEMPLATES / "common", TEMPLATES / kind):
        for file in sorted(source.rglob(f"*{SUFFIX}")):
            spelled = str(file.relative_to(source)).removesuffix(SUFFIX)
            path = Path(spelled.replace("__package__", words["package"]).replace("__name__", words["name"]))
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_text(Template(file.read_text("utf-8")).substitute(words), "utf-8")
            yield path
