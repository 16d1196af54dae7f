"""Makes organizations and services. Both are made by whoever runs the desk, so no actor is asked for."""

from collections.abc import Mapping, Sequence

from helpdesk.kernel import clock
from helpdesk.kernel.db import insert_once, transactional
from helpdesk.kernel.errors import Conflict, NotFound
from helpdesk.organization import rules
from helpdesk.organization.models import Organization, Service
from helpdesk.organization.queries import organization_exists
from helpdesk.organization.rules import EditorType


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
