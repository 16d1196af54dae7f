"""The codes with which this room refuses what concerns plugins: what each means, and what to do about it."""

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "UNKNOWN_THEME": (
        "No theme of this name is in use, so no service can wear it. Enable it; `helpdesk plugin list` says why it"
        " cannot be used."
    ),
}
"""Each code, what it means, and what to do. ``helpdesk docs plugins`` prints them."""
