"""A whole plugin: asks customers how satisfied they are once their ticket is resolved, and shows what they said."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

from peewee import BigAutoField, BigIntegerField, SmallIntegerField, fn
from pydantic import BaseModel, Field, SecretStr, ValidationError

from helpdesk.sdk.events import TicketStatusChanged
from helpdesk.sdk.facts import CustomerFacts, TicketFacts
from helpdesk.sdk.graphql import batched, described, query
from helpdesk.sdk.plugin import Host, Plugin, PluginSettings, Refused, job, periodic, receiver, subscriber
from helpdesk.sdk.slots import SlotContent, SlotPage, slot
from helpdesk.sdk.tables import Table, TimeColumn
from helpdesk.sdk.web import Unverified, WebAnswer, WebRequest, page, webhook

HERE = Path(__file__).parent
SCORES = ("1", "2", "3", "4", "5")
HTML = "text/html; charset=utf-8"


class Rating(Table):
    """What the customer said of one ticket."""

    id = BigAutoField()
    service_id = BigIntegerField()
    ticket_id = BigIntegerField(unique=True)
    customer_id = BigIntegerField(null=True, index=True)
    score = SmallIntegerField()
    rated_at = TimeColumn()

    class Meta:
        table_name = "p_example_rating"


class InstallationSettings(PluginSettings):
    """What the whole installation tells the plugin."""

    survey_token: SecretStr = Field(SecretStr(""), description="Proves the survey tool; empty lets none in.")


class ServiceSettings(PluginSettings):
    """What each service tells it."""

    is_asking: bool = Field(False, description="Ask customers once their ticket is resolved.")
    wait_seconds: int = Field(3600, ge=0, description="How long after that.")
    keep_days: int = Field(365, ge=1, description="After so many days a rating is forgotten.")


@dataclass(frozen=True)
class Average:
    """What a service's customers say."""

    count: int = described("How many ratings there are.")
    score: float | None = described("Their mean, from 1 to 5; empty without any.")


class _Answer(BaseModel):
    ticket: int = Field(ge=1, lt=2**63)
    score: int = Field(ge=1, le=5)


class Satisfaction(Plugin):
    """One question, one table, and everything that a plugin may bring."""

    title: ClassVar = {"en": "Satisfaction", "ko": "만족도"}
    rights = frozenset({"ticket.read", "ticket.reply", "ticket.tag"})
    Settings = InstallationSettings
    ServiceSettings = ServiceSettings
    settings: InstallationSettings
    tables = (Rating,)
    migrations, templates, locales = HERE / "migrations", HERE / "templates", HERE / "locales"
    keeps_personal_data = True

    @receiver(TicketStatusChanged)
    def tag_reopened(self, host: Host, event: TicketStatusChanged) -> None:
        """Tag a ticket whose customer came back, at once."""
        if event.before == "RESOLVED" and event.after in ("OPEN", "NEW"):
            host.tag(event.ticket_id, "reopened")

    @subscriber(TicketStatusChanged)
    def plan(self, host: Host, event: TicketStatusChanged) -> None:
        """Plan to ask about a resolved ticket: once, and whatever happens meanwhile."""
        if event.after == "RESOLVED" and host.service_settings.is_asking:
            wait = host.service_settings.wait_seconds
            host.enqueue("ask", {"ticket": event.ticket_id}, key=f"ask:{event.ticket_id}", delay_seconds=wait)

    @job
    def ask(self, host: Host, data: Mapping[str, Any]) -> None:
        """Ask, unless the ticket is open again or rated already."""
        ticket = host.ticket(data["ticket"])
        if ticket is None or ticket.status != "RESOLVED" or self.rating(host, [ticket])[0]:
            return
        link = host.address(f"p/example/rate?ticket={ticket.id}&key={_key(host, ticket.id).decode()}")
        text = host.translate("ask", language=ticket.language, link=link)
        host.reply(ticket.id, text, key=f"ask:{ticket.id}")

    @page("rate", methods=("GET", "POST"))
    def rate(self, host: Host, request: WebRequest) -> WebAnswer:
        """Show the question to whoever has the link; keep the answer when it is sent, since robots follow links."""
        number, key = request.query.get("ticket", ""), request.query.get("key", "")
        is_ours = number.isascii() and number.isdecimal() and hmac.compare_digest(_key(host, number), key.encode())
        ticket = host.ticket(int(number)) if is_ours else None
        if ticket is None:
            return WebAnswer(host.translate("unknown"), status=404)
        score = parse_qs(request.body.decode("ascii", "replace")).get("score", [""])[0]
        if request.method == "POST" and score in SCORES:
            _keep(host, ticket, int(score))
            return WebAnswer(host.translate("thanks", language=ticket.language))
        buttons = "".join(f'<button name="score" value="{one}">{one}</button>' for one in SCORES)
        question = escape(host.translate("question", language=ticket.language, number=ticket.number))
        return WebAnswer(f'<!doctype html><form method="post"><p>{question}</p>{buttons}</form>', content_type=HTML)

    def prove(self, host: Host, request: WebRequest) -> None:
        """Believe the survey tool."""
        token = self.settings.survey_token.get_secret_value()
        if not token or not hmac.compare_digest(request.headers.get("x-token", "").encode(), token.encode()):
            raise Unverified("The token in X-Token is not that of the settings.")

    @webhook("survey", verify=prove)
    def survey(self, host: Host, request: WebRequest) -> None:
        """Keep an answer that a survey tool brings: ``{"ticket": 1042, "score": 5}``."""
        try:
            answer = _Answer.model_validate_json(request.body)
        except ValidationError as error:
            raise Refused(f"This is no answer: {error.errors(include_input=False)[0]['msg']}.") from None
        if ticket := host.ticket_by_number(answer.ticket):
            _keep(host, ticket, answer.score)

    @periodic(every_seconds=86_400)
    def forget_old(self, host: Host) -> None:
        """Forget what is older than the service keeps it."""
        oldest = host.now() - timedelta(days=host.service_settings.keep_days)
        Rating.delete().where(Rating.service_id == host.service.id, Rating.rated_at < oldest).execute()

    @query(right="ticket.read", description="How satisfied the service's customers are.")
    def average(self, host: Host) -> Average:
        """Count in the database."""
        chosen = Rating.select(fn.COUNT(Rating.id), fn.AVG(Rating.score)).where(Rating.service_id == host.service.id)
        count, score = chosen.scalar(as_tuple=True)
        return Average(count, None if score is None else float(score))

    @batched("Ticket", right="ticket.read", description="How satisfied its customer is, from 1 to 5.")
    def rating(self, host: Host, rows: Sequence[TicketFacts]) -> list[int | None]:
        """Read the ratings of a whole page of tickets in one statement."""
        rated = Rating.select().where(Rating.ticket_id.in_([row.id for row in rows]))
        scores = {one.ticket_id: one.score for one in rated.where(Rating.service_id == host.service.id)}
        return [scores.get(row.id) for row in rows]

    @slot("home.bottom")
    def show(self, host: Host, shown: SlotPage) -> SlotContent | None:
        """Show the average on the home page once there is one."""
        found = self.average(host)
        if found.score is None:
            return None
        words = host.translate("average", language=shown.language, score=f"{found.score:.1f}", count=found.count)
        return SlotContent("average.html", {"words": words})

    def erase(self, host: Host, customer: CustomerFacts) -> None:
        """Forget what the customer said."""
        Rating.delete().where(Rating.service_id == host.service.id, Rating.customer_id == customer.id).execute()

    def export(self, host: Host, customer: CustomerFacts) -> Mapping[str, Any]:
        """Return what the customer said."""
        said = Rating.select().where(Rating.service_id == host.service.id, Rating.customer_id == customer.id)
        ordered = said.order_by(Rating.id)
        return {"ratings": [{"ticket": one.ticket_id, "score": one.score} for one in ordered]}


def _key(host: Host, ticket_id: object) -> bytes:
    return hmac.digest(host.signing_key("rate"), str(ticket_id).encode(), "sha256").hex().encode()


def _keep(host: Host, ticket: TicketFacts, score: int) -> None:
    said = {"customer_id": ticket.customer_id, "score": score, "rated_at": host.now()}
    new = Rating.insert(service_id=host.service.id, ticket_id=ticket.id, **said)
    new.on_conflict(conflict_target=[Rating.ticket_id], update=said).execute()
