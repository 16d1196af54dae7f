"""Writes a plugin's folder as an author has it: a small channel with its contract, README and pyproject."""

from pathlib import Path

PYPROJECT = """
[project]
name = "helpdesk-parrot"
version = "1.0"

[project.entry-points."helpdesk.channels"]
parrot = "helpdesk_parrot:Parrot"
"""
SOURCE = '''
"""Repeats what it is told."""

import json

from helpdesk.sdk.channel import Channel, Identity, Inbound, Refused, Retry, Sent


class Parrot(Channel):
    """JSON in, JSON out."""

    title = {"en": "Parrot"}

    def receive(self, request):
        try:
            data = json.loads(request.body)
            return [Inbound(data["id"], Identity("email", data["from"], data["name"]), data["text"])]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Refused(f"This is no message: {error}.") from error

    def send(self, message):
        answer = self.http.request("POST", "https://parrot.example", json={"text": message.text})
        if answer.status >= 500:
            raise Retry(f"It answers {answer.status}.")
        if answer.status >= 400:
            raise Refused(f"It refuses ({answer.status}).")
        return Sent()
'''
CONTRACT = """
import json

from helpdesk_parrot import Parrot

from helpdesk.sdk.testing.channel import Carried, ChannelContract


class TestParrot(ChannelContract):
    channel = Parrot
    has_files = False

    def inbound(self, text, *, external_id, sender, files=()):
        data = {"id": external_id, "from": sender.value, "name": sender.name, "text": text}
        return self.request(json.dumps(data).encode())

    def carried(self, call):
        return Carried(call.json()["text"])
"""
FILES = {
    "pyproject": ("pyproject.toml", PYPROJECT),
    "readme": ("README.md", "# Parrot\n\nRepeats what it is told.\n"),
    "source": ("src/helpdesk_parrot/__init__.py", SOURCE),
    "typed": ("src/helpdesk_parrot/py.typed", ""),
    "contract": ("tests/test_contract.py", CONTRACT),
}


def write(folder: Path, **changes: tuple[str, str] | None) -> Path:
    """Write the folder; a change replaces a text of the file that its name stands for, or leaves the file out."""
    for short, (name, text) in FILES.items():
        change = changes.get(short, ("", ""))
        if change is None:
            continue
        old, new = change
        assert old in text, f"{name} does not hold {old!r}."
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.replace(old, new) if old else text, "utf-8")
    return folder
