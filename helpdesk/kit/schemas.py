"""What a whole plugin adds to the GraphQL API. Apart, because building the API takes time that few tests need."""

from helpdesk.graphql import schema
from helpdesk.graphql.plugin_joining import plugin_sdl
from helpdesk.sdk.plugin import Plugin


def added(name: str, plugin: type[Plugin]) -> str:
    """Return what the plugin adds, in the schema definition language. Raises BadType for what cannot be added."""
    return plugin_sdl(schema.build(), name, plugin)
