"""What a plugin needs to know from whoever runs it: one pydantic class, from which everything else comes.

The form's JSON schema, the GraphQL input, the command line's ``--set``, the validation and its
messages are made from the fields; give each a ``Field(description=…)``. Fields of type ``SecretStr``
are encrypted at rest and never shown again. ``check()`` of the plugin is behind "test connection".
"""

from pydantic import BaseModel, ConfigDict


class PluginSettings(BaseModel):
    """The parent of every settings class: frozen, and a name that is not declared is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
