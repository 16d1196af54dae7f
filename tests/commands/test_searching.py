"""``helpdesk search rebuild``: finds again what was lost, and says of how many tickets."""

from helpdesk.customers import operations as customers
from helpdesk.customers import queries as customer_queries
from helpdesk.customers.models import CustomerTerm
from helpdesk.kernel import actors, search
from helpdesk.kernel.db import database
from helpdesk.kernel.paging import Window
from helpdesk.tickets import operations, queries
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import Body
from tests.commands.conftest import Shell


def test_lost_entries_are_made_anew(made: Shell) -> None:
    with made.opened() as service_id:
        for place in range(3):
            operations.create(actors.system(service_id), NewTicket(f"환불 {place}", Body("부탁"), "web", "ko"))
        search.remove("ticket", 2)
        customers.recognise(actors.system(service_id), name="김미나", email="mina@shop.example")
        CustomerTerm.delete().execute()
    done = {"tickets": {"demo": 3}, "customers": {"demo": 1}}
    assert made.json("search", "rebuild") == done
    assert made.json("search", "rebuild", "--service", "demo") == done
    with made.opened() as service_id:
        assert queries.matching(service_id, text="환불").count() == 3
        assert database.execute_sql("SELECT COUNT(*) FROM search_entry").fetchone()[0] == 3
        assert len(customer_queries.page_of_service(service_id, Window(first=9), search="미나").rows) == 1


def test_service_that_is_not_there_is_named(made: Shell) -> None:
    assert "no service “shop”" in made.refused("search", "rebuild", "--service", "shop")


def test_desk_without_tickets_has_nothing_to_make(made: Shell) -> None:
    assert made.text("search", "rebuild") == (
        "Search entries were made anew: 0 tickets of demo, 0 customers of demo.\n"
    )
