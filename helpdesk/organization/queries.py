"""Reads organizations, their services and their company information."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.rows import Row, by_ids, load, select
from helpdesk.organization.models import CompanyInformation, Organization, Service
from helpdesk.organization.rules import CompanyInformationKind, EditorType, ServiceState


@dataclass(slots=True, kw_only=True)
class OrganizationRow(Row):
    """An organization."""

    name: str
    created_at: datetime

    @property
    def organization_id(self) -> int:
        """Whose it is: its own."""
        return self.id


@dataclass(slots=True, kw_only=True)
class ServiceRow(Row):
    """A service; ``names`` by language, ``languages`` in the order in which they are shown.

    ``features_off`` is for features.py alone, which says what is on.
    """

    organization_id: int
    slug: str
    names: dict[str, str]
    languages: list[str]
    default_language: str
    time_zone: str
    editor_type: EditorType
    theme: str
    features_off: list[str]
    state: ServiceState
    company_information_id: int | None
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class CompanyInformationRow(Row):
    """A text about the company; ``texts`` by language, ``name`` is for those who choose one."""

    organization_id: int
    kind: CompanyInformationKind
    name: str
    texts: dict[str, str]
    created_at: datetime
    updated_at: datetime


def organization_exists(organization_id: int) -> bool:
    """Return whether there is such an organization."""
    return bool(Organization.select().where(Organization.id == organization_id).exists())


def organizations_by_ids(ids: Sequence[int | None]) -> list[OrganizationRow | None]:
    """Return organizations aligned with the ids."""
    return by_ids(OrganizationRow, Organization, ids)


def organization_id_of(service_id: int) -> int:
    """Return the id of the organization that has the service. Raises NotFound."""
    row: Any = Service.select(Service.organization).where(Service.id == service_id).tuples().first()
    if row is None:
        raise NotFound("There is no such service.", path=("service_id",))
    return int(row[0])


def service_by_slug(slug: str) -> ServiceRow | None:
    """Return the service whose URLs begin so."""
    return _one(Service.slug == slug)


def service_by_id(service_id: int) -> ServiceRow | None:
    """Return the service."""
    return _one(Service.id == service_id)


def services_by_ids(ids: Sequence[int | None]) -> list[ServiceRow | None]:
    """Return services aligned with the ids."""
    return by_ids(ServiceRow, Service, ids)


def services() -> list[ServiceRow]:
    """Return all services of the desk, oldest first."""
    return load(ServiceRow, select(ServiceRow, Service).order_by(Service.id))


def services_of_organization(organization_id: int) -> list[ServiceRow]:
    """Return the organization's services, oldest first."""
    query = select(ServiceRow, Service).where(Service.organization == organization_id)
    return load(ServiceRow, query.order_by(Service.id))


def company_information_by_ids(ids: Sequence[int | None]) -> list[CompanyInformationRow | None]:
    """Return company information aligned with the ids."""
    return by_ids(CompanyInformationRow, CompanyInformation, ids)


def company_information_of(organization_id: int) -> list[CompanyInformationRow]:
    """Return the organization's company information, oldest first."""
    query = select(CompanyInformationRow, CompanyInformation)
    query = query.where(CompanyInformation.organization == organization_id)
    return load(CompanyInformationRow, query.order_by(CompanyInformation.id))


def resting_services() -> Any:
    """Return the query for the ids of the services that are paused or stopped, to be part of another query."""
    return Service.select(Service.id).where(Service.state != ServiceState.IN_USE)


def only_service() -> ServiceRow | None:
    """Return the service of a desk that has exactly one."""
    rows = load(ServiceRow, select(ServiceRow, Service).limit(2))
    return rows[0] if len(rows) == 1 else None


def _one(condition: Any) -> ServiceRow | None:
    return next(iter(load(ServiceRow, select(ServiceRow, Service).where(condition))), None)
