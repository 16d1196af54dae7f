"""The stable codes with which this room refuses: what each means, and what to do about it."""

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "BAD_THEME": (
        "The theme cannot be used; the message names file and reason. `helpdesk plugin check` on its folder "
        "says the same before it is installed."
    ),
}
"""Each code, what it means, and what to do. ``helpdesk docs plugins`` prints them."""
