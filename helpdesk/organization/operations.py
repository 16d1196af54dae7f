"""Makes organizations and services, and changes them.

Whoever runs the desk makes the first ones: of ``create_organization`` and ``create_service`` no actor is asked for.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import insert_once, locked, transactional
from helpdesk.kernel.errors import Conflict, Invalid, NotFound
from helpdesk.kernel.events import record
from helpdesk.organization import rules
from helpdesk.organization.models import Organization, Service
from helpdesk.organization.queries import organization_exists, organization_id_of
from helpdesk.organization.rules import EditorType
from helpdesk.plugins import registry
from helpdesk.sdk.events import OrganizationChanged, ServiceChanged


@transactional
def create_organization(name: str) -> int:
    """Make an organization and return its id."""
    row = Organization.create(name=rules.check_name(name), created_at=clock.now())
    return int(row.id)


@transactional
def note_change(actor: Actor, change: str, changes: Mapping[str, tuple[Any, Any]]) -> None:
    """Record OrganizationChanged for what was changed of the organization of the actor's service, here or in a room."""
    organization_id = organization_id_of(actor.service_id)
    event = OrganizationChanged(service_id=actor.service_id, organization_id=organization_id, change=change)
    record(actor, event, subject=("organization", organization_id), changes=changes)


@transactional
def create_service(
    organization_id: int,
    *,
    slug: str,
    names: Mapping[str, str],
    languages: Sequence[str],
    default_language: str,
    time_zone: str,
    editor_type: EditorType = EditorType.HTML,
) -> int:
    """Make a service and return its id; ``names`` holds one for each of the languages.

    The slug can never be changed. Raises Invalid, NotFound, and Conflict (SLUG_TAKEN).
    Source: SPEC GEN-03, GEN-04, GEN-05.
    """
    chosen = rules.check_languages(languages, default_language=default_language)
    values = {
        "organization": organization_id,
        "slug": rules.check_slug(slug),
        "names": rules.check_names(names, languages=chosen),
        "languages": chosen,
        "default_language": default_language,
        "time_zone": rules.check_time_zone(time_zone),
        "editor_type": editor_type,
        "created_at": clock.now(),
    }
    if not organization_exists(organization_id):
        raise NotFound("There is no such organization; make it first.", path=("organization_id",))
    service_id = insert_once(Service, values)
    if service_id is None:
        raise Conflict(f"Another service has the id “{slug}”; choose another.", code="SLUG_TAKEN", path=("slug",))
    return service_id


@transactional
def add_service(
    actor: Actor,
    *,
    slug: str,
    names: Mapping[str, str],
    languages: Sequence[str],
    default_language: str,
    time_zone: str,
    editor_type: EditorType,
) -> int:
    """Make a further service of the actor's organization and return its id; see ``create_service``.

    Records OrganizationChanged.
    """
    actor.require("organization.write")
    service_id = create_service(
        organization_id_of(actor.service_id), slug=slug, names=names, languages=languages,
        default_language=default_language, time_zone=time_zone, editor_type=editor_type,
    )  # fmt: skip
    note_change(actor, "service_created", {"service": (None, slug)})
    return service_id


@transactional
def rename_organization(actor: Actor, name: str) -> None:
    """Give the organization of the actor's service another name. Raises Invalid. Records OrganizationChanged."""
    actor.require("organization.write")
    row: Any = locked(Organization.select().where(Organization.id == organization_id_of(actor.service_id))).get()
    after = rules.check_name(name)
    if row.name != after:
        Organization.update(name=after).where(Organization.id == row.id).execute()
        note_change(actor, "renamed", {"name": (row.name, after)})


@transactional
def update_service(
    actor: Actor,
    *,
    names: Mapping[str, str] | None = None,
    languages: Sequence[str] | None = None,
    default_language: str | None = None,
    time_zone: str | None = None,
    editor_type: EditorType | None = None,
    theme: str | None = None,
) -> None:
    """Change what is given of the service; of two changes of one thing at once the later one stays.

    ``languages`` are all that it is to have, in their order; a removed one keeps its name for the day on which it is
    added again. ``names`` holds new names by language. Raises Invalid. Records ServiceChanged if anything changed.
    Source: SPEC GEN-03, GEN-04, GEN-07.
    """
    actor.require("service.write")
    row: Any = locked(Service.select().where(Service.id == actor.service_id)).get()
    default = default_language or row.default_language
    spoken = rules.check_languages(row.languages if languages is None else languages, default_language=default)
    wanted = {
        "names": rules.renamed(row.names, names or {}, languages=spoken),
        "languages": spoken,
        "default_language": default,
        "time_zone": row.time_zone if time_zone is None else rules.check_time_zone(time_zone),
        "editor_type": row.editor_type if editor_type is None else editor_type,
        "theme": row.theme if theme is None else _known_theme(theme),
    }
    change_service(actor, row, wanted)


def service_of_organization(actor: Actor, service_id: int) -> Any:
    """Return the locked row of a service of the actor's organization. Raises NotFound. For this room alone."""
    is_theirs = Service.organization == organization_id_of(actor.service_id)
    row = locked(Service.select().where(Service.id == service_id, is_theirs)).first()
    if row is None:
        raise NotFound("There is no such service in the organization.", path=("id",))
    return row


def change_service(actor: Actor, row: Any, wanted: Mapping[str, Any]) -> None:
    """Write what differs from the locked row of a service, and record it as one ServiceChanged; for this room alone."""
    changes = {name: (getattr(row, name), value) for name, value in wanted.items() if getattr(row, name) != value}
    if changes:
        Service.update({name: after for name, (_, after) in changes.items()}).where(Service.id == row.id).execute()
        record(actor, ServiceChanged(service_id=row.id), subject=("service", row.id), changes=changes)


def _known_theme(theme: str) -> str:
    if theme not in registry.themes():
        known = ", ".join(sorted(registry.themes())) or "none"
        raise Invalid(f"There is no theme “{theme}”; installed are: {known}.", code="UNKNOWN_THEME", path=("theme",))
    return theme
