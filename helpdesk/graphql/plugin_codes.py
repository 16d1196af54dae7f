"""The codes that the API tells of plugins beside those of the rooms: what each means, and what to do about it."""

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "BAD_PLUGIN_TYPE": (
        "What the plugin declares cannot become part of the schema, so the plugin is quarantined; the "
        "sentence names the place. Declare a type that `helpdesk.sdk.graphql` takes."
    ),
    "REFUSED": "The plugin refused for good what a field of its own was asked; the message is its sentence.",
}
"""Each code, what it means, and what to do. ``helpdesk docs plugins`` prints them."""
