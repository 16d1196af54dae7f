"""What the README quotes stands so in the file that it names."""

import re

import pytest

from tests.house.tree import ROOT

README = (ROOT / "README.md").read_text()
QUOTE = re.compile(r"^<!-- quoted: (\S+) -->\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
QUOTES = dict(QUOTE.findall(README))


def test_the_channel_is_quoted_whole() -> None:
    assert "plugins/webhook/src/helpdesk_webhook/channel.py" in QUOTES
    assert README.count("<!-- quoted: ") == len(QUOTES)


@pytest.mark.parametrize("file", QUOTES)
def test_quote_is_what_the_file_says(file: str) -> None:
    assert QUOTES[file] == (ROOT / file).read_text("utf-8")
