"""Makes the README's table of settings; ``python -m tests.house.settings_table`` prints it."""

from enum import Enum
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from helpdesk.kernel.settings import PREFIX, Settings

START = "<!-- settings -->"
END = "<!-- /settings -->"


def settings_table() -> str:
    """Return the table as Markdown, one line a setting in the order of their declaration."""
    lines = ["| Setting | Default | Meaning |", "|---|---|---|"]
    lines += [_line(name, field) for name, field in Settings.model_fields.items()]
    return "\n".join(lines)


def _line(name: str, field: FieldInfo) -> str:
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `{PREFIX}{name.upper()}` | {_spelt(field.default)} | {meaning} |"


def _spelt(default: Any) -> str:
    """Return a default as one would write it into the environment."""
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, bool):
        default = str(default).lower()
    if isinstance(default, Enum):
        default = default.value
    if isinstance(default, tuple):
        default = ", ".join(str(item) for item in default)
    return f"`{default}`" if str(default) else "empty"


if __name__ == "__main__":
    print(START, settings_table(), END, sep="\n")
