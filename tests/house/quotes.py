"""What READMEs quote of files: held to them by a test, and written anew by ``python -m tests.house.quotes``.

Above a block stands the file that it quotes whole, or of a Python file the class: ``<!-- quoted: FILE CLASS -->``.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.house.tree import ROOT

READMES = (ROOT / "README.md", ROOT / "plugins/example/README.md", ROOT / "plugins/webhook/README.md")
QUOTE = re.compile(r"(?<=^<!-- quoted: )(\S+)(?: (\w+))? -->\n```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Quote:
    """One quote: of which file, of which class of it if not of the whole, and what it says."""

    file: str
    name: str
    text: str

    def right(self) -> str:
        """Return what it should say."""
        text = (ROOT / self.file).read_text("utf-8")
        if not self.name:
            return text
        (found,) = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef) and node.name == self.name]
        return (ast.get_source_segment(text, found) or "") + "\n"


def quotes(markdown: str) -> Iterator[Quote]:
    """Yield the quotes of a text in their order."""
    for file, name, _, text in QUOTE.findall(markdown):
        yield Quote(file, name, text)


def write(readme: Path) -> None:
    """Write the quotes of a README anew."""

    def renewed(found: re.Match[str]) -> str:
        file, name, language, text = found.groups()
        quoted = Quote(file, name or "", text)
        words = f"{file} {name}" if name else file
        return f"{words} -->\n```{language}\n{quoted.right()}```"

    readme.write_text(QUOTE.sub(renewed, readme.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    for one in READMES:
        write(one)
