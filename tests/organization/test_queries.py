"""Services are found by id and slug, and the only one when there is no other."""

from helpdesk.kernel.settings import Settings
from helpdesk.organization import operations, queries


def make(organization_id: int, slug: str) -> int:
    """Make a service that is named after its slug."""
    return operations.create_service(
        organization_id, slug=slug, names={"en": slug}, languages=["en"], default_language="en", time_zone="UTC"
    )


def test_the_only_service_is_the_only_one(database: Settings) -> None:
    assert queries.only_service() is None
    organization_id = operations.create_organization("Demo")
    first = make(organization_id, "first")
    only = queries.only_service()
    assert only is not None
    assert only.id == first
    make(organization_id, "second")
    assert queries.only_service() is None


def test_services_come_in_the_order_of_making(database: Settings) -> None:
    organization_id = operations.create_organization("Demo")
    for slug in ("zebra", "ant"):
        make(organization_id, slug)
    assert [row.slug for row in queries.services()] == ["zebra", "ant"]


def test_what_is_not_there_is_none(database: Settings) -> None:
    service_id = make(operations.create_organization("Demo"), "shop")
    found = queries.service_by_id(service_id)
    assert found is not None
    assert found.slug == "shop"
    assert queries.service_by_id(service_id + 1) is None
    assert queries.service_by_slug("SHOP") is None
