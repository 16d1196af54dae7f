"""The stable codes with which this room refuses: what each means, and what to do about it."""

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "NOT_RETRIABLE": "The action was not given up, so there is nothing to try again: it was done, or will be.",
}
"""Each code, what it means, and what to do. ``helpdesk docs plugins`` prints them."""
