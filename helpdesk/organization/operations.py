"""Makes organizations and services, and changes services. Whoever runs the desk makes them: no actor is asked for."""

from collections.abc import Mapping, Sequence

from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import insert_once, transactional
from helpdesk.kernel.errors import Conflict, Invalid, NotFound
from helpdesk.kernel.events import record
from helpdesk.organization import rules
from helpdesk.organization.models import Organization, Service
from helpdesk.organization.queries import organization_exists
from helpdesk.organization.rules import EditorType
from helpdesk.plugins import registry
from helpdesk.sdk.events import ServiceChanged


@transactional
def create_organization(name: str) -> int:
    """Make an organization and return its id."""
    row = Organization.create(name=rules.check_name(name), created_at=clock.now())
    return int(row.id)


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
def update(actor: Actor, *, theme: str | None = None) -> None:
    """Change what is given of the service; whoever may not change it is refused, though nothing be given."""
    actor.require("service.write")
    if theme is not None:
        set_theme(actor, theme)


@transactional
def set_theme(actor: Actor, theme: str) -> None:
    """Choose the help center's theme. Raises Invalid (UNKNOWN_THEME). Records ServiceChanged."""
    actor.require("service.write")
    if theme not in registry.themes():
        known = ", ".join(sorted(registry.themes())) or "none"
        raise Invalid(f"There is no theme “{theme}”; installed are: {known}.", code="UNKNOWN_THEME", path=("theme",))
    before = Service.get_by_id(actor.service_id).theme
    if before != theme:
        Service.update(theme=theme).where(Service.id == actor.service_id).execute()
        event = ServiceChanged(service_id=actor.service_id)
        record(actor, event, subject=("service", actor.service_id), changes={"theme": (before, theme)})
