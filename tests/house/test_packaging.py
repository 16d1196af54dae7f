"""What is installed is whole: wheels alone, in an empty environment and an empty folder, give a working desk."""

import json
import os
import re
import shutil
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

from tests.house.programs import Running, run
from tests.house.tree import ROOT


def build_wheels(folder: Path) -> list[str]:
    """Build the core, the plugins and the themes, and return the paths of their wheels."""
    sources = [ROOT, *(file.parent for kind in ("plugins", "themes") for file in ROOT.glob(f"{kind}/*/pyproject.toml"))]
    for source in sources:
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "wheels")]
        run([*build, str(source)], folder=folder)
    wheels = sorted(str(wheel) for wheel in (folder / "wheels").glob("*.whl"))
    assert len(wheels) == len(sources)
    return wheels


def install(wheels: list[str], folder: Path) -> Path:
    """Install wheels into a new virtual environment and return the folder of its programs."""
    run([sys.executable, "-m", "venv", str(folder / "venv")], folder=folder)
    programs = folder / "venv" / "bin"
    pip = [str(programs / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run([*pip, "--constraint", str(ROOT / "constraints.txt"), *wheels], folder=folder, seconds=600)
    run([*pip[:-2], "check"], folder=folder)
    return programs


def fetch(url: str, *, query: str | None = None, key: str = "") -> tuple[str, bytes]:
    """Get a page as a browser does, or post a GraphQL query with a key; return the content type and the body."""
    headers = {"Accept": "text/html"}
    if query:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    body = json.dumps({"query": query}).encode() if query else None
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as answer:
        return answer.headers.get_content_type(), answer.read()


def check_explorer(address: str) -> None:
    """Check that the explorer comes with GraphiQL, which the build fetched by npm."""
    kind, page = fetch(address)
    assert kind == "text/html"
    (script,) = re.findall(r'<script src="([^"]*/graphiql\.min\.js)"', page.decode())
    kind, body = fetch(urljoin(address, script))  # any answer but 200 raises
    assert (kind, b"GraphiQL" in body) == ("text/javascript", True)


def test_wheels_alone_give_a_working_desk(tmp_path: Path) -> None:
    programs = install(build_wheels(tmp_path), tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    helpdesk = str(programs / "helpdesk")
    assert "demo" in run([helpdesk, "--help"], folder=empty)
    command = [helpdesk, "demo", "--json", "--port", "0", "--data", str(tmp_path / "data")]
    with Running(command, folder=empty) as demo:
        told = json.loads(demo.line_with('{"'))
        assert set(told) >= {"graphql", "help_center", "key", "data"}
        _, answer = fetch(told["graphql"], query="{ service { id } }", key=told["key"])
        assert json.loads(answer)["data"]["service"]["id"]
        kind, page = fetch(told["help_center"])
        assert (kind, b"<form" in page or b"<a " in page) == ("text/html", True)
        if shutil.which("npm"):
            check_explorer(told["graphql"])
        assert demo.interrupt() == 0
    assert os.listdir(empty) == [], "The demo wrote outside its data folder."
