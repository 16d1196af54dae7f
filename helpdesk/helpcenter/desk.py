"""The help center's way to the rooms: which service a page belongs to, and how an inquiry becomes a ticket."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from helpdesk.helpcenter.rules import Inquiry
from helpdesk.helpcenter.views import Features, ServiceView
from helpdesk.kernel import db, tallies
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.settings import Settings
from helpdesk.organization import contracts
from helpdesk.organization import queries as organization
from helpdesk.organization.queries import ServiceRow
from helpdesk.organization.rules import ServiceState
from helpdesk.tickets import operations as tickets
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets.attachments import NewFile
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import Asker, body_of, required_subject

CHANNEL = "web"
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class HelpCenterDesk:
    """What the help center asks of the desk; the settings say how many inquiries it takes."""

    settings: Settings

    def service(self, slug: str) -> ServiceView | None:
        """Return the service of that id, or None."""
        with db.connection():
            row = organization.service_by_slug(slug)
            company = _company(row)
        if row is None:
            return None
        is_open = row.state is ServiceState.IN_USE
        return ServiceView(
            slug=row.slug,
            name=row.names.get(row.default_language, row.slug),
            languages=tuple(row.languages),
            default_language=row.default_language,
            names=row.names,
            theme=row.theme,
            id=row.id,
            features=Features(inquiry=is_open),
            is_open=is_open,
            company=company,
        )

    def create_inquiry(self, slug: str, inquiry: Inquiry) -> int:
        """Make a ticket and return its number; the same key gives the same ticket.

        Raises Invalid with a path, and LimitExceeded (TOO_OFTEN): nobody has the desk write to others a thousand
        times in their name. Source: SECURITY B5.
        """
        with db.connection():
            service = organization.service_by_slug(slug)
            if service is None:
                raise NotFound("There is no such service.")
            contracts.require_in_use(service)
            self._count(service.id, inquiry)
            visitor = Actor(ActorKind.CUSTOMER, service.id, name=inquiry.name, rights=frozenset({"ticket.create"}))
            new = NewTicket(
                required_subject(inquiry.subject),
                body_of(inquiry.content),
                CHANNEL,
                inquiry.language,
                Asker(name=inquiry.name, email=inquiry.email),
                facts={"consent": {"version": inquiry.consent_version, "at": inquiry.consented_at.isoformat()}},
                files=[NewFile(file.filename, file.content_type, file.data) for file in inquiry.files],
            )
            added = tickets.create(visitor, new, idempotency_key=inquiry.key)
            ticket = ticket_queries.tickets_by_ids([added.ticket_id])[0]
            assert ticket is not None, "it was just made"
            return ticket.number

    def _count(self, service_id: int, inquiry: Inquiry) -> None:
        email = inquiry.email.casefold()
        per_address, per_email = self.settings.inquiries_per_address, self.settings.inquiries_per_email
        tallies.count(f"inquiry from {service_id}", inquiry.address, most=per_address, window=HOUR)
        tallies.count(f"inquiry of {service_id}", email, most=per_email, window=HOUR)


def _company(service: ServiceRow | None) -> Mapping[str, str]:
    """Return what the service shows of its company, by language."""
    if service is None or service.company_information_id is None:
        return {}
    (shown,) = organization.company_information_by_ids([service.company_information_id])
    return shown.texts if shown else {}
