"""Plugins whose classes of settings are broken: one may be no class of settings, another fail wherever it is used."""

from collections.abc import Mapping

from helpdesk.plugins.kinds import Kind

BREAKS: Mapping[str, str] = {
    "validator": """
    @field_validator("word", mode="before")
    @classmethod
    def fail(cls, value):
        raise RuntimeError("no validator")
""",
    "serializer": """
    @model_serializer
    def fail(self):
        raise RuntimeError("no serializer")
""",
    "schema": """
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema, handler):
        raise RuntimeError("no schema")
""",
}
"""What makes the settings fail, by when they do."""

HOOKS: Mapping[str, str] = {"validator": "settings", "serializer": "settings.dump", "schema": "settings.schema"}
"""The hook under which each is known."""

HEAD = """
from pydantic import field_validator, model_serializer

from helpdesk.sdk.channel import Channel, ChannelSettings, Sent
from helpdesk.sdk.plugin import Plugin, PluginSettings
"""
BODY = """

class {name}Settings({name}Settings):
    word: str = "word"
{broken}

class Broken{name}({name}):
    title = {{"en": "Broken"}}
    Settings = {name}Settings
{methods}
"""
METHODS = """
    def receive(self, request):
        return ()

    def send(self, message):
        return Sent()
"""
NAMES: Mapping[tuple[Kind, str], str] = {(Kind.CHANNEL, ""): "BrokenChannel", (Kind.PLUGIN, ""): "BrokenPlugin"}


def source(name: str) -> str:
    """Return the module of a channel and a plugin whose settings fail so."""
    channel = BODY.format(name="Channel", broken=BREAKS[name], methods=METHODS)
    return HEAD + channel + BODY.format(name="Plugin", broken=BREAKS[name], methods="")
