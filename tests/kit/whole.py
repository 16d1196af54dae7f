"""A whole plugin that counts visits, and broken ones by the rule that each breaks."""

import logging
from pathlib import Path
from typing import Annotated, Any, ClassVar

import peewee
from pydantic import Field, SecretStr

from helpdesk.sdk.events import TicketCreated, TicketStatusChanged
from helpdesk.sdk.graphql import batched, query
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import Plugin, PluginSettings, Refused, Retry, job, periodic, receiver, subscriber
from helpdesk.sdk.slots import SlotContent, slot
from helpdesk.sdk.tables import Table
from helpdesk.sdk.testing.plugin import PluginContract
from helpdesk.sdk.web import Unverified, WebAnswer, WebRequest, page, webhook
from tests.kit.jealous import require_alone

HERE = Path(__file__).parent / "visits"


class Visit(Table):
    id = peewee.BigAutoField()
    customer_id = peewee.BigIntegerField()

    class Meta:
        table_name = "p_visits_visit"


class Stray(Table):
    id = peewee.BigAutoField()

    class Meta:
        table_name = "visit"


class Holding(Table):
    id = peewee.BigAutoField()
    stray = peewee.ForeignKeyField(Stray, backref="+")

    class Meta:
        table_name = "p_visits_holding"


class VisitsSettings(PluginSettings):
    token: SecretStr = Field(SecretStr("a peculiar token"), description="Proves who tells of a visit.")


class Visits(Plugin):
    """Counts visits."""

    title: ClassVar = {"en": "Visits", "ko": "방문"}
    ServiceSettings = VisitsSettings
    rights = frozenset({"ticket.read"})
    tables: ClassVar = (Visit,)
    migrations: ClassVar = HERE / "migrations"
    locales: ClassVar = HERE / "locales"
    templates: ClassVar = HERE / "templates"
    keeps_personal_data = True

    @receiver(TicketCreated)
    def count(self, host: Host, event: TicketCreated) -> None:
        Visit.insert(customer_id=host.ticket(event.ticket_id).customer_id).execute()

    @subscriber(TicketStatusChanged)
    def follow(self, host: Host, event: TicketStatusChanged) -> None:
        host.enqueue("tell", {"ticket": event.ticket_id}, delay_seconds=60)

    @job
    def tell(self, host: Host, data: Any) -> None:
        host.log("A ticket is done.", ticket=data["ticket"])

    @periodic(every_seconds=60)
    def tidy(self, host: Host) -> None:
        host.log("All is tidy.")

    @page("today", methods=("GET", "POST"))
    def today(self, host: Host, request: WebRequest) -> WebAnswer:
        return WebAnswer(f"{Visit.select().count()}")

    def prove(self, host: Host, request: WebRequest) -> None:
        if request.headers.get("x-proof") != "mine":
            raise Unverified("It is not signed.")

    @webhook("came", verify=prove)
    def came(self, host: Host, request: WebRequest) -> None:
        Visit.insert(customer_id=int(request.body)).execute()

    @slot("home.bottom")
    def show(self, host: Host, shown: Any) -> SlotContent | None:
        return SlotContent("show.html", {"count": Visit.select().count()})

    @slot("head")
    def describe(self, host: Host, shown: Any) -> SlotContent | None:
        return SlotContent("head.html", {"count": Visit.select().count()})

    @query(right="ticket.read", description="How many visits there were.")
    def visits(self, host: Host) -> int:
        return Visit.select().count()

    def erase(self, host: Host, customer: Any) -> None:
        Visit.delete().where(Visit.customer_id == customer.id).execute()

    def export(self, host: Host, customer: Any) -> Any:
        return {"visits": Visit.select().where(Visit.customer_id == customer.id).count()}


class VisitsContract(PluginContract):
    plugin = Visits
    name = "visits"
    webhooks: ClassVar = {"came": WebRequest("POST", "came", b"7", {"x-proof": "mine"})}

    def schema_path(self) -> Path:
        return HERE / self.schema_file

    def personal_data(self, host: Host, customer: Any) -> None:
        Visit.insert(customer_id=customer.id).execute()


class WrongSlot(Visits):
    @slot("home.top")
    def more(self, host: Host, shown: Any) -> SlotContent:
        return SlotContent("show.html", {"count": 1})


class WrongPath(Visits):
    @page("/today")
    def today(self, host: Host, request: WebRequest) -> WebAnswer:
        return WebAnswer("7")


class WrongType(Visits):
    @batched("Tickets", right="ticket.read", description="…")
    def more(self, host: Host, rows: Any) -> None: ...


class TooOften(Visits):
    @periodic(every_seconds=9)
    def tick(self, host: Host) -> None: ...


class NoEvent(Visits):
    @receiver()
    def nothing(self, host: Host, event: Any) -> None: ...


class TooFew(Visits):
    @receiver(TicketCreated)
    def count(self, host: Host) -> None: ...  # type: ignore[override]  # the fault


class TooMuch(Visits):
    rights = frozenset({"ticket.read", "desk.own"})


class Foreign(Visits):
    tables: ClassVar = (Visit, Stray)


class Keyed(Visits):
    tables: ClassVar = (Visit, Holding)


class OneWay(Visits):
    migrations: ClassVar = HERE / "one_way"


class Trespassing(Visits):
    migrations: ClassVar = HERE / "trespassing"


class Untemplated(Visits):
    templates: ClassVar = None


class Halfspoken(Visits):
    locales: ClassVar = HERE / "half_locales"


class Keeping(Visits):
    def erase(self, host: Host, customer: Any) -> None: ...


class Sweeping(Visits):
    def erase(self, host: Host, customer: Any) -> None:
        Visit.delete().execute()


class Closed(Visits):
    def export(self, host: Host, customer: Any) -> Any:
        return {}


class Secretive(Visits):
    keeps_personal_data = False


class Grown(Visits):
    @query(right="ticket.read", description="What nobody has written down.")
    def more(self, host: Host) -> int:
        return 1


class Unsure(Visits):
    def check(self, host: Host) -> None:
        raise Refused("The token is wrong.")


class Miscounting(Visits):
    @query(right="ticket.read", description="How many visits there were.")
    def visits(self, host: Host) -> int:
        return "seven"


class Misaligned(Visits):
    @batched("Customer", right="customer.read", description="How often they came.")
    def came_often(self, host: Host, rows: Any) -> list[int]:
        return [7]


class Needy(Visits):
    """Has a field that is not asked with what it needs."""

    @query(right="ticket.read", description="How many visits there were on a day.")
    def on(self, host: Host, day: Annotated[str, "The day."]) -> int:
        return 7


class Stumbling(Visits):
    @receiver(TicketCreated)
    def count(self, host: Host, event: TicketCreated) -> None:
        raise SystemExit("stumbling")


class Reaching(Visits):
    """Does what it has asked no right for."""

    @receiver(TicketCreated)
    def count(self, host: Host, event: TicketCreated) -> None:
        host.tag(event.ticket_id, "visited")


class Losing(Visits):
    @subscriber(TicketStatusChanged)
    def follow(self, host: Host, event: TicketStatusChanged) -> None:
        raise Refused("It is lost.")


class Lazy(Visits):
    """Has a job that nothing leaves."""

    @subscriber(TicketStatusChanged)
    def follow(self, host: Host, event: TicketStatusChanged) -> None: ...


class Breaking(Visits):
    @job
    def tell(self, host: Host, data: Any) -> None:
        raise Retry("Never now.")


class Untidy(Visits):
    @periodic(every_seconds=60)
    def tidy(self, host: Host) -> None:
        raise LookupError("There is nothing to tidy.")


class Falling(Visits):
    @page("today", methods=("GET", "POST"))
    def today(self, host: Host, request: WebRequest) -> WebAnswer:
        return WebAnswer(request.query["day"])


class Believing(Visits):
    """Believes whoever calls."""

    @webhook("came", verify=lambda plugin, host, request: None)
    def came(self, host: Host, request: WebRequest) -> None: ...


class Deaf(Visits):
    """Believes nobody."""

    def doubt(self, host: Host, request: WebRequest) -> None:
        raise Unverified("Anybody could say so.")

    @webhook("came", verify=doubt)
    def came(self, host: Host, request: WebRequest) -> None: ...


class Choking(Visits):
    @webhook("came", verify=Visits.prove)
    def came(self, host: Host, request: WebRequest) -> None:
        raise ValueError("This is no number.")


class Telling(Visits):
    @webhook("came", verify=Visits.prove)
    def came(self, host: Host, request: WebRequest) -> None:
        logging.getLogger(__name__).info("came by %s", host.service_settings.token.get_secret_value())


class Blank(Visits):
    @slot("home.bottom")
    def show(self, host: Host, shown: Any) -> SlotContent | None:
        return SlotContent("nowhere.html")


class Headless(Visits):
    @slot("head")
    def describe(self, host: Host, shown: Any) -> SlotContent | None:
        return None


class Jealous(Visits):
    """Does not work beside others."""

    @receiver(TicketCreated)
    def count(self, host: Host, event: TicketCreated) -> None:
        require_alone()


BROKEN: dict[str, tuple[type[Plugin], ...]] = {
    "PL-HOOKS": (WrongSlot, WrongPath, WrongType, TooOften, NoEvent),
    "PL-ARGUMENTS": (TooFew,),
    "PL-RIGHTS": (TooMuch,),
    "PL-TABLE-NAMES": (Foreign,),
    "PL-TABLE-KEYS": (Keyed,),
    "PL-MIGRATIONS": (OneWay, Trespassing),
    "PL-TEMPLATES": (Untemplated,),
    "PL-TEXTS": (Halfspoken,),
    "PL-PERSONAL": (Secretive,),
    "PL-ERASE": (Keeping, Sweeping, Closed),
    "PL-SCHEMA": (Grown,),
    "PL-LIVES": (Stumbling, Reaching, Losing, Lazy, Breaking, Untidy),
    "PL-PAGES": (Falling,),
    "PL-CHECK": (Unsure,),
    "PL-GRAPHQL": (Miscounting, Misaligned, Needy),
    "PL-WEBHOOKS": (Believing, Deaf, Choking),
    "PL-SECRET-LOG": (Telling,),
    "PL-SLOTS": (Blank, Headless),
    "PL-BESIDE": (Jealous,),
}
ALSO = {"PL-TABLE-NAMES": {"PL-MIGRATIONS"}, "PL-TABLE-KEYS": {"PL-MIGRATIONS"}}
"""What else is broken by the fault of a rule: it shows there too."""
CASES = [(code, plugin) for code, plugins in BROKEN.items() for plugin in plugins]
