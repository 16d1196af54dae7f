"""The stable codes with which this room refuses: what each means, and what to do about it."""

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "BAD_SETTING": (
        "HELPDESK_STORAGE_SETTINGS is not what the storage takes; the message says what is wrong. Correct it "
        "and start again."
    ),
    "BAD_SETTINGS": (
        "The settings given for one use of a plugin (an action, an assigner, a field) are refused; `path` "
        "names the wrong one. Send what `settingsSchema` describes."
    ),
    "FILE_TOO_LARGE": (
        "A file is larger than may be stored. Send a smaller one, or raise the limit that the message names."
    ),
    "NOT_CONFIGURABLE": (
        "The plugin cannot be told settings here: it is not enabled, cannot be used, or is of a kind that is "
        "told them where it is used. Enable it or mend it first."
    ),
    "PLUGIN_FAILED": (
        "The code of the plugin raised something, or answered what its page of the SDK does not allow. "
        "`helpdesk plugin logs NAME` says how; the author has to mend it."
    ),
    "PLUGIN_IN_USE": "The desk cannot do without the plugin; the message says what for. Choose another one first.",
    "PLUGIN_IS_ON": "The tables of a plugin that is on are not dropped. Disable it everywhere first.",
    "PLUGIN_NOT_ENABLED": (
        "The plugin is not in use in this service: it is not enabled there, or cannot be used. `helpdesk "
        "plugin info NAME` says which; enable it, or mend what it tells."
    ),
    "PLUGIN_NOT_FOUND": "No plugin of this kind and name is installed. `helpdesk plugin list` shows what is.",
    "PLUGIN_OVERRAN": (
        "A hook of the plugin did not end within its deadline. `helpdesk plugin logs NAME` says which; do "
        "less in it, or leave the work to a job."
    ),
    "PLUGIN_RESTING": (
        "A hook of the plugin failed several times in a row, or too many of its calls have not ended, so it "
        "is not called for a while. It is tried again by itself; mend the cause that `helpdesk plugin info "
        "NAME` tells."
    ),
    "PLUGIN_STOPPED": (
        "The process of the desk ends, and the call of the plugin was cut off. It is no failure of the "
        "plugin; what was leased is done again."
    ),
    "STORAGE_FAILED": (
        "The storage plugin could not read or write a file. The message and `helpdesk plugin logs` say why; "
        "the same request may succeed later."
    ),
}
"""Each code, what it means, and what to do. ``helpdesk docs plugins`` prints them."""
