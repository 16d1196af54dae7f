"""The desk's plugins in the schema: how each stands in the service of the URL, and its switches."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from helpdesk.graphql import enums
from helpdesk.graphql.arguments import Input
from helpdesk.graphql.connections import After, Connection, First, window
from helpdesk.graphql.context import Info
from helpdesk.graphql.service import Language
from helpdesk.graphql.user_errors import Payload, answers
from helpdesk.hosting import checks
from helpdesk.kernel.errors import Invalid
from helpdesk.plugins import operations, overview, queries
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.overview import Overview
from helpdesk.plugins.queries import FigureRow, LogRow, TroubleRow
from helpdesk.plugins.registry import EVERYWHERE
from helpdesk.plugins.rules import PluginState

enums.declare(
    PluginState,
    description="Where a plugin is in its life.",
    values={
        "DISCOVERED": "It is installed, and nobody has enabled it: none of its code has run.",
        "CHECKED": "It was imported well, in a process of its own at least, and is not enabled here.",
        "INCOMPATIBLE": "It is written for an SDK that this desk does not speak.",
        "LOADED": "It is enabled and lacks settings; configure it.",
        "CONFIGURED": "It has settings and is not enabled.",
        "ENABLED": "It is in use.",
        "DEGRADED": "It is in use, and one of its hooks rests after failing; `reason` says which and why.",
        "QUARANTINED": "It cannot be used; `reason` says why, and the desk works without it.",
        "DISABLED": "It was switched off.",
    },
)


KINDS = ", ".join(Kind)


@strawberry.type(description="What one hook of a plugin has done, in all processes, since it was installed.")
class PluginFigure:
    """What one hook of a plugin has done."""

    hook: str = strawberry.field(description="The hook, such as send.")
    calls: int = strawberry.field(description="How often it was called.")
    errors: int = strawberry.field(description="How often it failed.")
    overruns: int = strawberry.field(description="How often it did not end within its deadline.")

    @strawberry.field(description="How long all its calls took together, in seconds.")
    def seconds(self) -> float:
        """Return the seconds."""
        return self.micros / 1_000_000  # type: ignore[attr-defined,no-any-return]  # of the row

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether the row is one of these."""
        return isinstance(value, FigureRow | cls)


@strawberry.type(description="A hook that rests after failing several times in a row.")
class PluginProblem:
    """A hook that rests."""

    hook: str = strawberry.field(description="The hook, such as send.")
    reason: str = strawberry.field(description="How it failed last, in words.")
    seen_at: datetime = strawberry.field(description="When a process of the desk last said so.")

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether the row is one of these."""
        return isinstance(value, TroubleRow | cls)


@strawberry.type(description="A line of a plugin's log.")
class PluginLogLine:
    """A line of a plugin's log."""

    level: str = strawberry.field(description="info for what it wrote itself, error for a failure.")
    hook: str = strawberry.field(description="The hook that it concerns; empty for none.")
    message: str = strawberry.field(description="What happened, in words.")
    at: datetime = strawberry.field(description="When it happened.")

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether the row is one of these."""
        return isinstance(value, LogRow | cls)


@strawberry.type(description="One page of a plugin's log.")
class PluginLogConnection(Connection[PluginLogLine]):
    """One page of a plugin's log."""


@strawberry.type(description="A secret among the settings of a plugin, such as a password; its value is never shown.")
class PluginSecret:
    """A secret among the settings of a plugin."""

    name: str = strawberry.field(description="The name of the setting.")
    is_set: bool = strawberry.field(description="Whether the plugin was told it.")


def _secrets(told: Mapping[str, bool]) -> list[PluginSecret]:
    return [PluginSecret(name=name, is_set=is_set) for name, is_set in told.items()]


@strawberry.type(description="Something installed beside the core, such as a channel or a theme.")
class Plugin:
    """Something installed beside the core."""

    state: PluginState = strawberry.field(description="Where it is in its life, in this service.")
    reason: str = strawberry.field(description="Why it is not simply in use, in words; empty when it is.")
    is_enabled: bool = strawberry.field(description="Whether it is switched on in this service.")
    figures: list[PluginFigure] = strawberry.field(description="What its hooks have done, by their names.")
    settings: JSON = strawberry.field(description="What the installation tells it, without secrets.")
    service_settings: JSON = strawberry.field(description="What this service tells it, without secrets.")

    @strawberry.field(description=f"What it is: {KINDS}.")
    def kind(self) -> str:
        """Return the kind."""
        return str(self.plugin.kind)  # type: ignore[attr-defined]  # of the overview, as all below

    @strawberry.field(description="Its code, such as email; unique within its kind.")
    def name(self) -> str:
        """Return the name."""
        return self.plugin.name  # type: ignore[attr-defined,no-any-return]

    @strawberry.field(description="The package that brings it; empty for a theme of the data folder.")
    def distribution(self) -> str:
        """Return the distribution."""
        return self.plugin.distribution  # type: ignore[attr-defined,no-any-return]

    @strawberry.field(description="The version of that package; empty for a theme of the data folder.")
    def version(self) -> str:
        """Return the version."""
        return self.plugin.version  # type: ignore[attr-defined,no-any-return]

    @strawberry.field(description="The name that people see; its code while none of its code has run.")
    def title(self, info: Info, language: Language = None) -> str:
        """Return the title in the language, the service's default one, or English."""
        titles = overview.title(self.plugin)  # type: ignore[attr-defined]
        wanted = (language or "", info.context.service.default_language, "en")
        return str(next((titles[one] for one in wanted if one in titles), self.plugin.name))  # type: ignore[attr-defined]

    @strawberry.field(description="The rights that it asks for; only a plugin of the kind PLUGIN asks for any.")
    def rights(self) -> list[str]:
        """Return the rights."""
        return list(overview.rights(self.plugin))  # type: ignore[attr-defined]

    @strawberry.field(description="Whether it runs in a process of its own; only a CHANNEL can.")
    def is_isolated(self) -> bool:
        """Return whether it is isolated."""
        return self.plugin.is_isolated  # type: ignore[attr-defined,no-any-return]

    @strawberry.field(graphql_type=list[PluginProblem], description="The hooks that rest after failing.")
    def problems(self) -> Any:
        """Return the troubles."""
        return self.troubles  # type: ignore[attr-defined]

    @strawberry.field(description="What its settings must be, as JSON Schema; null while none of its code has run.")
    def settings_schema(self) -> JSON | None:
        """Return the schema of the installation's settings, or of those at each use."""
        return overview.settings_schema(self.plugin)  # type: ignore[attr-defined,return-value]

    @strawberry.field(description="What a service's settings must be, as JSON Schema; null where there are none.")
    def service_settings_schema(self) -> JSON | None:
        """Return the schema of the service's settings."""
        return overview.settings_schema(self.plugin, name="ServiceSettings")  # type: ignore[attr-defined,return-value]

    @strawberry.field(
        graphql_type=list[PluginSecret],
        name="secrets",
        description="The secrets that the installation may tell it, by name.",
    )
    def told_secrets(self) -> Any:
        """Return the installation's secrets."""
        schema = overview.settings_schema(self.plugin)  # type: ignore[attr-defined]
        return _secrets(overview.secrets(schema, self.secrets))  # type: ignore[attr-defined]

    @strawberry.field(
        graphql_type=list[PluginSecret],
        name="serviceSecrets",
        description="The secrets that this service may tell it, by name.",
    )
    def told_service_secrets(self) -> Any:
        """Return the service's secrets."""
        schema = overview.settings_schema(self.plugin, name="ServiceSettings")  # type: ignore[attr-defined]
        return _secrets(overview.secrets(schema, self.service_secrets))  # type: ignore[attr-defined]

    @strawberry.field(
        graphql_type=PluginLogConnection, description="What it wrote and how it failed, newest first; 1,000 lines."
    )
    def log(self, info: Info, first: First = None, after: After = None) -> Any:
        """Return a page of the log: of this service, and of what concerns none."""
        service_ids = [EVERYWHERE, info.context.service.id]
        page = queries.log_of(self.plugin.ref, window(first, after), service_ids=service_ids)  # type: ignore[attr-defined]
        return PluginLogConnection(page=page)

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether the value is one of these."""
        return isinstance(value, Overview | cls)


EVERY_SERVICE = "Whether every service of the desk is meant, and not this one alone."

Kinds = Annotated[
    list[str] | None, strawberry.argument(description="Only these kinds, such as channel; all if not given.")
]


@strawberry.type
class PluginQueries:
    """Query fields over plugins."""

    @strawberry.field(
        graphql_type=list[Plugin], description="The plugins of the desk, broken ones too, by kind and name."
    )
    def plugins(self, info: Info, kinds: Kinds = None) -> Any:
        """Return the plugins."""
        info.context.actor.require("plugin.read")
        wanted = list(Kind) if kinds is None else [_kind(kind, "kinds") for kind in kinds]
        return [one for one in overview.overviews(info.context.service.id) if one.plugin.kind in wanted]


@strawberry.input(description="The plugin that is meant, and where.")
class PluginSwitchInput:
    """The plugin that is meant, and where."""

    kind: str = strawberry.field(description="What it is, such as channel.")
    name: str = strawberry.field(description="Its code.")
    is_for_all_services: bool = strawberry.field(default=False, description=EVERY_SERVICE)


@strawberry.input(description="What a plugin of the kind PLUGIN is told; settings that are left out stay.")
class PluginConfigureInput:
    """What a plugin is told."""

    name: str = strawberry.field(description="Its code.")
    settings: JSON = strawberry.field(
        description="An object of the settings that change, by `serviceSettingsSchema`; one given as null is unset."
    )
    is_for_all_services: bool = strawberry.field(
        default=False, description=f"{EVERY_SERVICE} Then the settings are those of `settingsSchema`."
    )


@strawberry.input(description="The channel that is meant, and where it is to run.")
class PluginIsolateInput:
    """The channel that is meant, and where it is to run."""

    name: str = strawberry.field(description="The code of a plugin of the kind CHANNEL.")
    is_isolated: bool = strawberry.field(
        default=True, description="Whether it runs in a process of its own; if not, in the desk's own processes."
    )


@strawberry.input(description="The plugin that is to be tried.")
class PluginCheckInput:
    """The plugin that is to be tried."""

    name: str = strawberry.field(description="The code of a plugin of the kind PLUGIN.")


@strawberry.type(description="The plugin as it stands now.")
class PluginPayload(Payload):
    """The plugin as it stands now."""

    plugin: Plugin | None = strawberry.field(default=None, description="The plugin; null on errors.")


@strawberry.type(description="How trying the plugin's settings went.")
class PluginCheckPayload(Payload):
    """How trying the plugin's settings went."""

    is_ok: bool | None = strawberry.field(default=None, description="Whether it works; null on errors.")
    message: str | None = strawberry.field(default=None, description="What is wrong, or that it works.")


@strawberry.type
class PluginMutations:
    """Mutations of plugins, in the service of the URL or in all."""

    @strawberry.mutation(
        description="Switch a plugin on in this service. Its state tells whether it can be used; every process of the"
        " desk follows within seconds."
    )
    @answers(PluginPayload)
    def plugin_enable(self, info: Info, input: Input[PluginSwitchInput]) -> PluginPayload:
        """Switch a plugin on."""
        return _switch(info, input, is_on=True)

    @strawberry.mutation(description="Switch a plugin off in this service. What it keeps stays.")
    @answers(PluginPayload)
    def plugin_disable(self, info: Info, input: Input[PluginSwitchInput]) -> PluginPayload:
        """Switch a plugin off."""
        return _switch(info, input, is_on=False)

    @strawberry.mutation(description="Tell a plugin what this service wants of it.")
    @answers(PluginPayload)
    def plugin_configure(self, info: Info, input: Input[PluginConfigureInput]) -> PluginPayload:
        """Tell a plugin its settings."""
        ref, everywhere = Ref(Kind.PLUGIN, input.name), input.is_for_all_services
        operations.configure(info.context.actor, ref, input.settings, everywhere=everywhere)  # type: ignore[arg-type]
        return _told(info, ref)

    @strawberry.mutation(
        description="Run a channel in a process of its own, where even a crash costs nothing but that channel; in every"
        " service."
    )
    @answers(PluginPayload)
    def plugin_isolate(self, info: Info, input: Input[PluginIsolateInput]) -> PluginPayload:
        """Isolate a channel."""
        operations.isolate(info.context.actor, input.name, is_isolated=input.is_isolated)
        return _told(info, Ref(Kind.CHANNEL, input.name))

    @strawberry.mutation(description="Try a plugin's settings, as the button “test connection” does.")
    @answers(PluginCheckPayload)
    def plugin_check(self, info: Info, input: Input[PluginCheckInput]) -> PluginCheckPayload:
        """Try a plugin's settings."""
        found = checks.check(info.context.actor, input.name)
        return PluginCheckPayload(is_ok=found.is_ok, message=found.message)


def _switch(info: Info, given: PluginSwitchInput, *, is_on: bool) -> PluginPayload:
    ref = Ref(_kind(given.kind, "kind"), given.name)
    operations.switch(info.context.actor, ref, is_on=is_on, everywhere=given.is_for_all_services)
    return _told(info, ref)


def _told(info: Info, ref: Ref) -> PluginPayload:
    if not info.context.actor.may("plugin.read"):
        return PluginPayload()
    return PluginPayload(plugin=overview.overview(ref, info.context.service.id))  # type: ignore[arg-type]


def _kind(word: str, argument: str) -> Kind:
    """Return the kind of the word. Raises Invalid, naming the kinds there are."""
    try:
        return Kind(word)
    except ValueError:
        raise Invalid(f"There is no kind of plugin “{word[:50]}”; there are {KINDS}.", path=(argument,)) from None
