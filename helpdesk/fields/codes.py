"""The stable codes with which this room refuses: what each means, and what to do about it."""

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "NOT_A_VALUE": (
        "The field type takes no such value; the message says what it takes. A field type says so by raising NotAValue."
    ),
}
"""Each code, what it means, and what to do. ``helpdesk docs plugins`` prints them."""
