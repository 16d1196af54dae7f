"""Every setting is explained, and the README's table is the one that is made from them."""

from helpdesk.kernel.settings import Settings
from tests.house.settings_table import END, START, settings_table
from tests.house.tree import ROOT


def test_readme_holds_the_table_of_settings() -> None:
    readme = (ROOT / "README.md").read_text()
    assert readme.count(START) == readme.count(END) == 1, f"README.md needs {START} and {END} once each."
    table = readme.partition(START)[2].partition(END)[0].strip()
    assert table == settings_table(), "Run `python -m tests.house.settings_table` and put its output into README.md."


def test_every_setting_has_a_default_and_a_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert not field.is_required(), f"{name} has no default: a desk must start without any setting."
        assert (field.description or "").endswith("."), f"{name} is not explained in a sentence."


def test_table_names_a_setting_with_its_default() -> None:
    assert "| `HELPDESK_WEB_THREADS` | `8` | Requests that one web process answers at once. |" in settings_table()
    assert "| `HELPDESK_KEYS` | empty |" in settings_table()
