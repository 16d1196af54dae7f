"""Images that came with a message are shown in its HTML by links; what else came is a file to be downloaded."""

import re
from typing import Any

import pytest

from helpdesk.tickets import operations
from helpdesk.tickets.attachments import NewFile
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import body_of
from tests.factories.client import Caller
from tests.factories.desk import Desk


def shown(desk: Desk, caller: Caller, html: str, *content_ids: str | None) -> Any:
    """Make a ticket whose message has the HTML and files with these content ids, and return the message."""
    files = [NewFile(f"{place}.png", "image/png", b"%d" % place, one) for place, one in enumerate(content_ids)]
    operations.create(desk.partner, NewTicket("x", body_of("", html), "email", "ko", files=files))
    (message,) = caller.ask("Ticket", number=1)["ticket"]["messages"]["nodes"]
    return message


@pytest.mark.parametrize(
    ("named", "content_id"),
    [
        ("cid:pic@1", "pic@1"),
        ("cid:pic%401", "pic@1"),
        ("CID:pic@1", "pic@1"),
        ("Cid:%ED%95%9C%25@1", "한%@1"),
        ("cid:pic%401", "pic%401"),
        ("cid:a&amp;b", "a&b"),
    ],
)
def test_image_is_linked_however_it_is_named(desk: Desk, administrator: Caller, named: str, content_id: str) -> None:
    message = shown(desk, administrator, f'<p>Hi</p><img alt="a" src="{named}" width="1">', content_id, "other", None)
    assert [file["isInline"] for file in message["attachments"]] == [True, False, False]
    link = r'<p>Hi</p><img alt="a" src="http://127\.0\.0\.1:8000/demo/files/[^/"]+/0\.png" width="1">'
    assert re.fullmatch(link, message["bodyHtml"])


def test_image_that_did_not_come_shows_nothing(desk: Desk, administrator: Caller) -> None:
    message = shown(desk, administrator, '<img src="cid:none"><p>src="cid:pic"</p>', "pic")
    assert message["bodyHtml"] == '<img src=""><p>src="cid:pic"</p>'
    assert [file["isInline"] for file in message["attachments"]] == [False]


def test_new_and_quoted_html_are_apart_with_their_images(desk: Desk, administrator: Caller) -> None:
    html = '<div><p>네 <img src="cid:a"></p><blockquote>질문 <img src="cid:b"><img src="https://x.example/t"></blockquote></div>'
    files = [NewFile(f"{name}.png", "image/png", b"1", name) for name in "ab"]
    body = body_of("네", html, html_quoted_from=html.index("<blockquote>"))
    operations.create(desk.partner, NewTicket("x", body, "email", "ko", files=files))
    operations.create(desk.partner, NewTicket("y", body_of("", "<p>네</p>"), "email", "ko"))
    operations.create(desk.partner, NewTicket("z", body_of("네"), "email", "ko"))
    (message,) = administrator.ask("Ticket", number=1)["ticket"]["messages"]["nodes"]
    link = r"http://127\.0\.0\.1:8000/demo/files/[^/\"]+/"
    assert re.fullmatch(rf'<div><p>네 <img src="{link}a\.png"></p></div>', message["newHtml"])
    quoted = rf'<div><blockquote>질문 <img src="{link}b\.png"><img></blockquote></div>'
    assert re.fullmatch(quoted, message["quotedHtml"])
    assert message["bodyHtml"].count("<img") == 3
    whole = [administrator.ask("Ticket", number=number)["ticket"]["messages"]["nodes"][0] for number in (2, 3)]
    assert [(one["newHtml"], one["quotedHtml"]) for one in whole] == [("<p>네</p>", None), (None, None)]


def test_message_without_html_shows_no_image(desk: Desk, administrator: Caller) -> None:
    files = [NewFile("a.png", "image/png", b"a", "pic")]
    operations.create(desk.partner, NewTicket("x", body_of("cid:pic"), "email", "ko", files=files))
    (message,) = administrator.ask("Ticket", number=1)["ticket"]["messages"]["nodes"]
    assert [file["isInline"] for file in message["attachments"]] == [False]


def test_images_of_many_messages_are_told_in_one_statement(
    desk: Desk, administrator: Caller, statements: list[str]
) -> None:
    for place in range(5):
        files = [NewFile("a.png", "image/png", b"a", f"pic{place}"), NewFile("b.png", "image/png", b"b", None)]
        body = body_of("", f'<img src="cid:pic{place}">')
        operations.create(desk.partner, NewTicket("x", body, "email", "ko", files=files))
    text = "{ tickets(first: 9) { nodes { messages(first: 1) { nodes { attachments { isInline } } } } } }"
    statements.clear()
    nodes = administrator.post(text).get_json()["data"]["tickets"]["nodes"]
    found = [one["messages"]["nodes"][0]["attachments"] for one in nodes]
    assert found == [[{"isInline": True}, {"isInline": False}]] * 5
    assert sum('"body_html"' in one for one in statements) == 1, "the HTML of those with images"


def test_html_is_read_by_those_alone_who_ask_for_it_and_once(
    desk: Desk, administrator: Caller, statements: list[str]
) -> None:
    operations.create(desk.partner, NewTicket("x", body_of("", "<p>네</p>"), "email", "ko"))
    page = "{{ tickets(first: 9) {{ nodes {{ messages(first: 1) {{ nodes {{ {} }} }} }} }} }}"
    for fields, times in (("bodyText newText", 0), ("bodyHtml newHtml quotedHtml hasRemoteImages", 1)):
        statements.clear()
        assert "errors" not in administrator.post(page.format(fields)).get_json()
        assert sum('"body_html"' in one for one in statements) == times, fields
