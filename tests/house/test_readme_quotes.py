"""What the READMEs quote stands so in the file that they name, and what they count is so many."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

from helpdesk.plugins.kinds import Kind
from tests.house.quotes import READMES, Quote, quotes
from tests.house.tree import ROOT

MAIN, EXAMPLE, WEBHOOK = (readme.read_text("utf-8") for readme in READMES)
QUOTES = [one for readme in (MAIN, EXAMPLE, WEBHOOK) for one in quotes(readme)]
SOURCE = "plugins/example/src/helpdesk_example"
COUNT = re.compile(r"^\| .+? \| `(\w+)` \| `(\S+)`, (\d+|no code) \|$", re.MULTILINE)
SILENT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
}  # fmt: skip


def lines_of_code(file: Path) -> int:
    """Return how many lines a file has without empty ones, comments, docstrings and imports."""
    text = file.read_text("utf-8")
    tokens = [one for one in tokenize.generate_tokens(io.StringIO(text).readline) if one.type not in SILENT]
    lines = {line for one in tokens for line in range(one.start[0], one.end[0] + 1)}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom) or is_docstring(node):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def is_docstring(node: ast.AST) -> bool:
    """Return whether the statement is a text that stands alone."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def test_the_channel_is_quoted_whole() -> None:
    assert [one.name for one in QUOTES if one.file == "plugins/webhook/src/helpdesk_webhook/channel.py"] == [""]
    assert sum(readme.count("<!-- quoted: ") for readme in (MAIN, EXAMPLE, WEBHOOK)) == len(QUOTES)


@pytest.mark.parametrize("quote", QUOTES, ids=lambda quote: f"{quote.file} {quote.name}")
def test_quote_is_what_the_file_says(quote: Quote) -> None:
    assert quote.text == quote.right()


def test_the_example_walks_through_every_kind() -> None:
    quoted = {Path(one.file).relative_to(SOURCE).parts[0].removesuffix(".py") for one in quotes(EXAMPLE)}
    assert set(Kind) <= quoted
    assert "(plugins/example/README.md)" in MAIN


def test_lines_of_code_are_as_the_readme_counts_them() -> None:
    counts = COUNT.findall(MAIN)
    assert {kind for kind, _, _ in counts} == set(Kind)
    for _, file, count in counts:
        if count != "no code":
            assert (file, lines_of_code(ROOT / SOURCE / file)) == (file, int(count))
