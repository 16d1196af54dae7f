"""What is put into the inputs of the schema: for each the plainest value that is one, found by type and by name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

from helpdesk.graphql import ids
from tests.graphql.compiled.documents import BACKWARD, literal

MISSING = 987_654
DEEPEST = 3  # conditions hold conditions; a full one ends here

Place = tuple[str, ...]
"""The way to an input, such as ``("input", "attachments")``; in a list its first item is meant."""

UPLOAD = "Upload"
"""What a message takes as its attachment: one that is part of no message yet."""

SESSION = "AgentSession"
"""By which an agent's session is named; it is no node, since it is its owner's alone."""

NAMES: Mapping[str, str] = {
    "assigneeId": "Agent",
    "attachments": UPLOAD,
    "groupId": "AgentGroup",
    "groupIds": "AgentGroup",
    "MemberDeactivateInput.handOverTo": "Member",
    "handOverTo": "Agent",
    "moveTo": "AgentGroup",
    "InboxDismissInput.id": "InboxItem",
    "InboxReleaseInput.id": "InboxItem",
    "InboxRetryInput.id": "InboxItem",
    "OrganizationAdministratorAddInput.id": "Member",
    "OrganizationAdministratorRemoveInput.id": "Member",
    "SessionRevokeInput.id": SESSION,
    "node.id": "",
    "nodes.ids": "",
}
"""What type an id is of, where its name does not say it; nothing where it may be of any."""

PLAIN: Mapping[str, Any] = {
    "AgentAddInput.groupIds": "",
    "AllowedAddressRemoveInput.network": "127.0.0.1",
    "LocalizedTextInput.language": "en",
    "MenuAccessUpdateInput.menu": "CUSTOMER_INFORMATION",
    "PluginCheckInput.name": "completion",
    "PluginConfigureInput.name": "completion",
    "PluginIsolateInput.name": "webhook",
    "PluginSwitchInput.name": "completion",
    "ServiceCreateInput.defaultLanguage": "en",
    "ServiceCreateInput.languages": "en",
    "ServiceCreateInput.slug": "further",
    "ServiceCreateInput.timeZone": "UTC",
    "ServiceFeatureSetInput.feature": "chat",
    "TicketAddNoteInput.body": "a note",
    "TicketRunActionInput.action": "add_tags",
    "TicketRunActionInput.settings": {"tags": ["seen"]},
    "TicketWhere.field": "status",
    "TicketWhere.value": "OPEN",
    "driver": "echo",
    "email": "p@pelican.example",
    "memberSearch.name": "agent",
    "kind": "plugin",
    "network": "203.0.113.0/24",
    "fieldValueCheck.settings": {"options": [{"value": "one"}]},
    "fieldValueCheck.type": "dropdown",
}
"""With these every mutation is done, so that it is the right alone for whose want it is refused."""

NOON = "2026-05-01T12:00:00+00:00"
SCALARS: Mapping[str, Any] = {
    "Int": 1,
    "Float": 1.0,
    "Boolean": False,
    "String": "word",
    "JSON": {},
    "ID": "",
    "DateTime": NOON,
}


def type_named(owner: str, name: str) -> str:
    """Return the type whose ids an input takes, by its name and whose it is; nothing where any will do."""
    kinds = sorted(ids.rights(), key=len, reverse=True)
    for key in (f"{owner}.{name}", name):
        if key in NAMES:
            return NAMES[key]
    stem = name.removesuffix("Ids").removesuffix("Id")
    found = [kind for kind in kinds if kind.lower() == stem.lower()]
    found += [kind for kind in kinds if name == "id" and owner.startswith(kind)]
    assert found, f"Say in NAMES of tests/access/matrix/values.py what type `{owner}.{name}` names."
    return found[0]


class Values:
    """Makes arguments, with the ids of one service's things; ``put`` says what stands at one place instead.

    What need not be given is left out, unless ``is_full``.
    """

    def __init__(
        self, things: Mapping[str, str], plain: Mapping[str, Any] | None = None, *, is_full: bool = False
    ) -> None:
        self._things, self._given, self._is_full = things, {**PLAIN, **(plain or {})}, is_full

    def arguments(self, name: str, field: GraphQLField, put: Mapping[Place, Any] | None = None) -> str:
        """Return a field's arguments as a document has them: what it must have, and what leads to ``put``."""
        given = {
            key: literal(one.type, self._value(one.type, name, key, (key,), put or {}))
            for key, one in field.args.items()
            if is_required_argument(one) or self._is_wanted(name, key, (), put)
        }
        return f"({', '.join(f'{key}: {value}' for key, value in given.items())})" if given else ""

    def _value(self, kind: Any, owner: str, name: str, place: Place, put: Mapping[Place, Any]) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self._value(kind.of_type, owner, name, place, put)
        if isinstance(kind, GraphQLList):
            return [self._value(kind.of_type, owner, name, place, put)]
        if place in put:
            return put[place]
        if isinstance(kind, GraphQLInputObjectType):
            return {
                key: self._value(one.type, kind.name, key, (*place, key), put)
                for key, one in kind.fields.items()
                if is_required_input_field(one) or self._is_wanted(kind.name, key, place, put)
            }
        return self._plain(kind, owner, name)

    def _is_wanted(self, owner: str, key: str, place: Place, put: Mapping[Place, Any] | None) -> bool:
        is_full = self._is_full and len(place) < DEEPEST and key not in BACKWARD
        return is_full or f"{owner}.{key}" in self._given or _leads(key, place, put)

    def _plain(self, kind: Any, owner: str, name: str) -> Any:
        if isinstance(kind, GraphQLEnumType):
            plain = "OPEN" if "OPEN" in kind.values else next(iter(kind.values))
            return self._given.get(f"{owner}.{name}", plain)
        if kind.name == "ID":
            return self._things[type_named(owner, name) or "Ticket"]
        return self._given.get(f"{owner}.{name}", self._given.get(name, SCALARS.get(kind.name, "word")))


def id_of_nothing(kind: str) -> str:
    """Return an id of the type that is nobody's."""
    return ids.encode("Attachment" if kind == UPLOAD else kind, MISSING)


def _leads(key: str, place: Place, put: Mapping[Place, Any] | None) -> bool:
    """Return whether the way to one of the given places goes through here."""
    return any(one[: len(place) + 1] == (*place, key) for one in put or ())


def id_places(name: str, field: GraphQLField) -> Iterator[tuple[Place, str]]:
    """Yield every input of a field that takes an id, nested ones too, with the type of what it names."""
    yield from _id_places(name, field.args, (), ())


def _id_places(
    owner: str,
    inputs: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField],
    place: Place,
    around: Sequence[str],
) -> Iterator[tuple[Place, str]]:
    for name, one in inputs.items():
        kind = get_named_type(one.type)
        if kind.name == "ID":
            yield (*place, name), type_named(owner, name)
        elif isinstance(kind, GraphQLInputObjectType) and kind.name not in around:
            yield from _id_places(kind.name, kind.fields, (*place, name), (*around, kind.name))
