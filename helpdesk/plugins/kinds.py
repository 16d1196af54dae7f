"""The kinds of plugin: the group of entry points of each, and what its entry points must lead to.

What is wrong is one sentence for the author, and decided without calling the plugin: everything that
is looked at here stands on the class.
"""

import inspect
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from helpdesk.kernel.condition_syntax import FieldKind
from helpdesk.kernel.versions import APIS
from helpdesk.sdk.action import Action, ActionSettings
from helpdesk.sdk.assigner import Assigner, AssignerSettings
from helpdesk.sdk.channel import Channel, ChannelSettings
from helpdesk.sdk.condition import Condition
from helpdesk.sdk.field_type import FieldSettings, FieldType
from helpdesk.sdk.plugin import Plugin
from helpdesk.sdk.settings import PluginSettings
from helpdesk.sdk.storage import Storage, StorageSettings


class Kind(StrEnum):
    """What a plugin is."""

    CHANNEL = "channel"
    ACTION = "action"
    CONDITION = "condition"
    FIELD_TYPE = "field_type"
    ASSIGNER = "assigner"
    STORAGE = "storage"
    THEME = "theme"
    PLUGIN = "plugin"


GROUPS: Mapping[Kind, str] = {
    Kind.CHANNEL: "helpdesk.channels",
    Kind.ACTION: "helpdesk.actions",
    Kind.CONDITION: "helpdesk.conditions",
    Kind.FIELD_TYPE: "helpdesk.field_types",
    Kind.ASSIGNER: "helpdesk.assigners",
    Kind.STORAGE: "helpdesk.storage",
    Kind.THEME: "helpdesk.themes",
    Kind.PLUGIN: "helpdesk.plugins",
}
"""The group of entry points of each kind."""

PARENTS: Mapping[Kind, type] = {
    Kind.CHANNEL: Channel,
    Kind.ACTION: Action,
    Kind.CONDITION: Condition,
    Kind.FIELD_TYPE: FieldType,
    Kind.ASSIGNER: Assigner,
    Kind.STORAGE: Storage,
    Kind.PLUGIN: Plugin,
}
"""The class of the SDK that each kind but themes is made of."""

SETTINGS: Mapping[Kind, type[PluginSettings]] = {
    Kind.CHANNEL: ChannelSettings,
    Kind.ACTION: ActionSettings,
    Kind.FIELD_TYPE: FieldSettings,
    Kind.ASSIGNER: AssignerSettings,
    Kind.STORAGE: StorageSettings,
    Kind.PLUGIN: PluginSettings,
}


OTHER_API = "this helpdesk speaks"
OTHER_CORE = "this is helpdesk"
"""What a fault says of a plugin that is written for another desk than this one."""


def is_for_another_desk(kind: Kind, fault: str) -> bool:
    """Return whether a fault is that the plugin is written for an API, or a core, that this one is not.

    What is wrong with a theme is found in its files, and told with the place.
    """
    if kind is Kind.THEME:
        return OTHER_API in fault or OTHER_CORE in fault
    return fault.startswith(OTHER_API)


def problem(kind: Kind, value: Any) -> str:
    """Return what is wrong with what an entry point leads to, or nothing.

    The version comes first, since the rest follows from it.
    """
    return next(_problems(kind, value), "")


def _problems(kind: Kind, value: Any) -> Iterator[str]:
    if kind is Kind.THEME:
        if not (isinstance(value, Path) and value.is_dir()):
            yield "a theme's entry point must name its folder"
        return
    parent = PARENTS[kind]
    if not _is_made_of(value, parent):
        yield f"{_word(kind)}'s entry point must name a subclass of {parent.__module__}.{parent.__qualname__}"
        return
    if value.api not in APIS:
        spoken = " and ".join(map(str, APIS))
        yield f"{OTHER_API} {kind} API {spoken}; the {kind} is written for {value.api!r}"
        return
    if inspect.isabstract(value):
        yield f"the {kind} lacks " + ", ".join(sorted(value.__abstractmethods__))
    if not _is_title(getattr(value, "title", None)):
        yield f'the {kind} needs a title, such as title = {{"en": "Echo"}}'
    yield from _settings_problems(kind, value)
    if kind is Kind.CONDITION and not isinstance(getattr(value, "kind", None), FieldKind):
        yield "the condition needs a kind, such as kind = FieldKind.NUMBER"


def _settings_problems(kind: Kind, value: Any) -> Iterator[str]:
    names = ("Settings", "ServiceSettings") if kind is Kind.PLUGIN else ("Settings",)
    for name in names if kind in SETTINGS else ():
        settings = getattr(value, name, None)
        if not _is_made_of(settings, SETTINGS[kind]):
            yield f"the {kind}'s {name} must be a subclass of {SETTINGS[kind].__name__}"


def _is_made_of(value: Any, parent: type) -> bool:
    return inspect.isclass(value) and issubclass(value, parent)


def _word(kind: Kind) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _is_title(title: Any) -> bool:
    return isinstance(title, Mapping) and "en" in title


def lacking(kind: Kind, value: Any, *, has_settings: bool) -> str:
    """Return which settings a whole plugin needs and does not have, or nothing; other kinds are told at their use."""
    if kind is not Kind.PLUGIN or has_settings:
        return ""
    needed = [name for name, field in value.Settings.model_fields.items() if field.is_required()]
    return f"it lacks settings: {', '.join(needed)}" if needed else ""
