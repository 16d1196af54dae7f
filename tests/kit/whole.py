"""A whole plugin that counts visits, and broken ones by the rule that each breaks."""

from pathlib import Path
from typing import Any, ClassVar

import peewee

from helpdesk.sdk.events import TicketCreated
from helpdesk.sdk.graphql import batched
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import Plugin, periodic, receiver
from helpdesk.sdk.slots import slot
from helpdesk.sdk.tables import Table
from helpdesk.sdk.testing.plugin import PluginContract
from helpdesk.sdk.web import page

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


class Visits(Plugin):
    """Counts visits."""

    title: ClassVar = {"en": "Visits", "ko": "방문"}
    rights = frozenset({"ticket.read"})
    tables: ClassVar = (Visit,)
    migrations: ClassVar = HERE / "migrations"
    locales: ClassVar = HERE / "locales"
    templates: ClassVar = HERE / "templates"
    keeps_personal_data = True

    @receiver(TicketCreated)
    def count(self, host: Host, event: TicketCreated) -> None: ...

    @slot("home.bottom")
    def show(self, host: Host, shown: Any) -> None: ...

    def erase(self, host: Host, customer: Any) -> None:
        Visit.delete().where(Visit.customer_id == customer.id).execute()

    def export(self, host: Host, customer: Any) -> Any:
        return {"visits": Visit.select().where(Visit.customer_id == customer.id).count()}


class VisitsContract(PluginContract):
    plugin = Visits
    name = "visits"

    def personal_data(self, host: Host, customer: Any) -> None:
        Visit.insert(customer_id=customer.id).execute()


class WrongSlot(Visits):
    @slot("home.top")
    def more(self, host: Host, shown: Any) -> None: ...


class WrongPath(Visits):
    @page("/today")
    def today(self, host: Host, request: Any) -> None: ...


class WrongType(Visits):
    @batched("Tickets", right="ticket.read", description="…")
    def more(self, host: Host, rows: Any) -> None: ...


class TooOften(Visits):
    @periodic(every_seconds=1)
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


BROKEN: dict[str, tuple[type[Plugin], ...]] = {
    "PL-HOOKS": (WrongSlot, WrongPath, WrongType, TooOften, NoEvent),
    "PL-ARGUMENTS": (TooFew,),
    "PL-RIGHTS": (TooMuch,),
    "PL-TABLE-NAMES": (Foreign,),
    "PL-TABLE-KEYS": (Keyed,),
    "PL-MIGRATIONS": (OneWay,),
    "PL-TEMPLATES": (Untemplated,),
    "PL-TEXTS": (Halfspoken,),
    "PL-PERSONAL": (Secretive,),
    "PL-ERASE": (Keeping, Sweeping, Closed),
}
ALSO = {"PL-TABLE-NAMES": {"PL-MIGRATIONS"}, "PL-TABLE-KEYS": {"PL-MIGRATIONS"}}
CASES = [(code, plugin) for code, plugins in BROKEN.items() for plugin in plugins]
