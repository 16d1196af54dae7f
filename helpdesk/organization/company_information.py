"""Keeps what an organization says of itself, in each language, and which of it a service shows in its help center.

Plain text: templates escape it like everything else, and its lines stay lines. Source: SPEC GEN-10,
SPEC-SETTINGS GEN-X24.
"""

from collections.abc import Mapping
from typing import Any

from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import locked, transactional
from helpdesk.kernel.errors import NotFound
from helpdesk.organization import operations, rules
from helpdesk.organization.models import CompanyInformation, Service
from helpdesk.organization.queries import organization_id_of
from helpdesk.organization.rules import CompanyInformationKind


@transactional
def create(actor: Actor, *, kind: CompanyInformationKind, name: str, texts: Mapping[str, str]) -> int:
    """Make an entry of the organization of the actor's service and return its id.

    Raises Invalid (BAD_LANGUAGE too). Records OrganizationChanged.
    """
    actor.require("organization.write")
    at = clock.now()
    row: Any = CompanyInformation.create(
        organization=organization_id_of(actor.service_id), kind=kind, name=rules.check_name(name),
        texts=rules.check_texts(texts), created_at=at, updated_at=at,
    )  # fmt: skip
    operations.note_change(actor, "company_information_created", {"name": (None, row.name), "texts": (None, row.texts)})
    return int(row.id)


@transactional
def update(actor: Actor, entry_id: int, *, name: str | None = None, texts: Mapping[str, str] | None = None) -> None:
    """Change an entry: its name, and the texts in the languages that are given; an empty text takes its language out.

    Raises NotFound and Invalid (BAD_LANGUAGE too). Records OrganizationChanged if anything changed.
    """
    actor.require("organization.write")
    row = _entry(actor, entry_id)
    wanted = {
        "name": row.name if name is None else rules.check_name(name),
        "texts": row.texts if texts is None else rules.check_texts({**row.texts, **texts}),
    }
    changes = {field: (getattr(row, field), after) for field, after in wanted.items() if getattr(row, field) != after}
    if changes:
        CompanyInformation.update(**wanted, updated_at=clock.now()).where(CompanyInformation.id == row.id).execute()
        operations.note_change(actor, "company_information_updated", changes)


@transactional
def delete(actor: Actor, entry_id: int) -> None:
    """Delete an entry; services that show it show none. Raises NotFound. Records OrganizationChanged."""
    actor.require("organization.write")
    row = _entry(actor, entry_id)
    for service in locked(Service.select().where(Service.company_information == row.id).order_by(Service.id)):
        operations.change_service(actor, service, {"company_information_id": None})
    CompanyInformation.delete().where(CompanyInformation.id == row.id).execute()
    operations.note_change(actor, "company_information_deleted", {"name": (row.name, None), "texts": (row.texts, None)})


@transactional
def show(actor: Actor, service_id: int, entry_id: int | None) -> None:
    """Have a service of the organization show the entry in its help center, or none.

    Raises NotFound. Records ServiceChanged if that is another one than before.
    """
    actor.require("organization.write")
    entry = None if entry_id is None else _entry(actor, entry_id, path="company_information_id").id
    service = operations.service_of_organization(actor, service_id)
    operations.change_service(actor, service, {"company_information_id": entry})


def _entry(actor: Actor, entry_id: int, *, path: str = "id") -> Any:
    is_theirs = CompanyInformation.organization == organization_id_of(actor.service_id)
    row = locked(CompanyInformation.select().where(CompanyInformation.id == entry_id, is_theirs)).first()
    if row is None:
        raise NotFound("There is no such company information in the organization.", path=(path,))
    return row
