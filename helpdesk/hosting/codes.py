"""The stable codes with which this room refuses: what each means, and what to do about it."""

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "CONFLICT": (
        "Denied: the thing has changed meanwhile, or its state forbids the change. Read it again before the next try."
    ),
    "FORBIDDEN": (
        "Denied: a right is missing from `rights` of the plugin, or whoever it acts for lacks it. Ask for the "
        "right in the class."
    ),
    "INVALID": "Denied: what was given cannot be taken as it is; the sentence says what is wrong with it.",
    "LIMIT_EXCEEDED": "Denied: it is larger, or more, than is allowed. Ask for less at once.",
    "NOT_FOUND": "Denied: there is no such thing in the service that this call is about.",
    "PLUGIN_NOT_CONFIGURED": (
        "The plugin lacks settings, or those that it was told do not fit its release any more. Tell it: "
        "`helpdesk plugin config NAME --set name=value`, or `pluginConfigure`."
    ),
    "UNAVAILABLE": (
        "A part of the desk that is needed, or the outside that a plugin asked (`Retry`), does not answer now. "
        "The same may succeed later."
    ),
}
"""Each code, what it means, and what to do. ``helpdesk docs plugins`` prints them."""
