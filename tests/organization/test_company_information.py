"""What an organization says of itself is kept in each language, and shown by the services that are told to."""

from typing import Any

import pytest

from helpdesk.kernel import events
from helpdesk.kernel.errors import Forbidden, Invalid, NotFound
from helpdesk.kernel.paging import Window
from helpdesk.organization import company_information, queries
from helpdesk.organization.queries import CompanyInformationRow
from helpdesk.organization.rules import CompanyInformationKind
from tests.factories.desk import Desk, above, make_desk

TEXTS = {"ko": "주식회사 데모\n대표 홍길동", "en": "Demo Inc.\r\nSeoul"}


def make(desk: Desk, **changes: Any) -> int:
    """Make an entry of the desk's organization."""
    values = {"kind": CompanyInformationKind.COMPANY, "name": "2026", "texts": TEXTS, **changes}
    return company_information.create(above(desk), **values)


def entry(entry_id: int) -> CompanyInformationRow:
    """Return the entry."""
    (row,) = queries.company_information_by_ids([entry_id])
    assert row is not None
    return row


def shown(desk: Desk) -> int | None:
    """Return what the service shows."""
    row = queries.service_by_id(desk.service_id)
    assert row is not None
    return row.company_information_id


def test_an_entry_is_kept_in_its_languages_and_changed_in_one_of_them(desk: Desk) -> None:
    entry_id = make(desk)
    assert entry(entry_id).texts == {"ko": "주식회사 데모\n대표 홍길동", "en": "Demo Inc.\nSeoul"}
    company_information.update(above(desk), entry_id, texts={"en": " ", "ja": "デモ"})
    assert entry(entry_id).texts == {"ko": TEXTS["ko"], "ja": "デモ"}
    company_information.update(above(desk), entry_id, name="2027")
    assert (entry(entry_id).name, entry(entry_id).kind) == ("2027", CompanyInformationKind.COMPANY)
    (page,) = events.history_of("organization", [desk.organization_id], Window(last=1))
    assert page.rows[0].changes == {"name": ["2026", "2027"]}


def test_a_deleted_entry_is_shown_no_more(desk: Desk) -> None:
    first, second = make(desk), make(desk, kind=CompanyInformationKind.TERMS_OF_USE)
    company_information.show(above(desk), desk.service_id, first)
    assert shown(desk) == first
    company_information.delete(above(desk), second)
    assert shown(desk) == first
    company_information.delete(above(desk), first)
    assert (shown(desk), queries.company_information_of(desk.organization_id)) == (None, [])
    (page,) = events.history_of("service", [desk.service_id], Window(first=5))
    assert [one.changes for one in page.rows] == [
        {"company_information_id": [None, first]},
        {"company_information_id": [first, None]},
    ]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": " "}, ("name",)),
        ({"texts": {}}, ("texts",)),
        ({"texts": {"ko": " \n "}}, ("texts",)),
        ({"texts": {"xx": "x"}}, ("texts", "xx")),
        ({"texts": {"ko": "가" * 20_001}}, ("texts", "ko")),
    ],
)
def test_what_says_nothing_or_too_much_is_refused(desk: Desk, changes: dict[str, Any], path: tuple[str, ...]) -> None:
    with pytest.raises(Invalid) as refused:
        make(desk, **changes)
    assert refused.value.path == path
    assert queries.company_information_of(desk.organization_id) == []


def test_another_organization_s_entries_and_services_are_like_those_that_there_are_not(desk: Desk) -> None:
    other = make_desk(desk.settings, slug="other")
    mine, theirs = make(desk), make(other)
    for entry_id in (theirs, 999):
        for change in (
            lambda one: company_information.update(above(desk), one, name="x"),
            lambda one: company_information.delete(above(desk), one),
            lambda one: company_information.show(above(desk), desk.service_id, one),
        ):
            with pytest.raises(NotFound, match="company information"):
                change(entry_id)
    with pytest.raises(NotFound, match="no such service"):
        company_information.show(above(desk), other.service_id, mine)
    assert (entry(theirs).name, shown(desk), shown(other)) == ("2026", None, None)


def test_an_administrator_of_the_service_writes_none(desk: Desk) -> None:
    entry_id = make(desk)
    for change in (
        lambda: company_information.update(desk.administrator, entry_id, name="x"),
        lambda: company_information.delete(desk.administrator, entry_id),
        lambda: company_information.show(desk.administrator, desk.service_id, entry_id),
    ):
        with pytest.raises(Forbidden):
            change()
