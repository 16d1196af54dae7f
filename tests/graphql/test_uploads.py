"""Files: announced, filled once, attached by who announced them, and given out as harmless downloads."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from werkzeug.test import TestResponse

from tests.factories.client import Caller, log_in, ticket
from tests.factories.desk import Desk, make_desk

BASE = "http://127.0.0.1:8000"


def place(caller: Caller, data: bytes = b"hello", **given: Any) -> Any:
    """Announce a file and return its place."""
    return caller.done("UploadCreate", **({"filename": "a.txt", "size": len(data)} | given))["upload"]


def put(caller: Caller, url: str, data: bytes, **options: Any) -> TestResponse:
    """Send the bytes of a file, with no token: the address is enough."""
    assert url.startswith(BASE)
    return caller.but(token=None).send("PUT", url.removeprefix(BASE), data=data, **options)


def filled(caller: Caller, data: bytes = b"hello", **given: Any) -> str:
    """Send a file and return the id to attach it by."""
    made = place(caller, data, **given)
    assert put(caller, made["url"], data).status_code == 204
    found: str = made["id"]
    return found


def attached(caller: Caller, data: bytes = b"hello", **given: Any) -> Any:
    """Return the file of a new ticket as GraphQL shows it."""
    number = ticket(caller, attachments=[filled(caller, data, **given)])["number"]
    (file,) = caller.ask("Ticket", number=number)["ticket"]["messages"]["nodes"][0]["attachments"]
    return file


def get(caller: Caller, url: str) -> TestResponse:
    """Open a link as a browser does."""
    return caller.but(token=None).send("GET", url.removeprefix(BASE))


def test_file_is_sent_attached_and_downloaded(partner: Caller, stranger: Caller) -> None:
    data = bytes(range(256)) * 400
    file = attached(partner, data, filename="견적서 1.pdf", contentType="application/pdf")
    assert (file["filename"], file["contentType"], file["size"]) == ("견적서 1.pdf", "application/pdf", len(data))
    answer = get(stranger, file["url"])
    assert (answer.status_code, answer.data) == (200, data)


def test_answers_and_notes_carry_files_too(partner: Caller) -> None:
    made = ticket(partner)
    for mutation in ("TicketReply", "TicketAddNote"):
        given = {
            "ticketId": made["id"],
            "body": "x",
            "attachments": [filled(partner), filled(partner, filename="b.txt")],
        }
        files = partner.done(mutation, **given)["message"]["attachments"]
        assert [file["filename"] for file in files] == ["a.txt", "b.txt"]


@pytest.mark.parametrize(
    ("filename", "claimed", "data"),
    [
        ("page.html", "text/html", b"<script>alert(1)</script>"),
        ("image.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("page.xhtml", "application/xhtml+xml", b"<html/>"),
        ("page.xml", "text/xml", b"<?xml version='1.0'?><?xml-stylesheet type='text/xsl' href='a.xsl'?><a/>"),
        ("page.mht", "multipart/related", b"x"),
        ("script.js", "text/javascript; charset=x\r\nX-Evil: 1", b"alert(1)"),
    ],
)
def test_whatever_a_file_claims_to_be_it_is_a_download(
    partner: Caller, filename: str, claimed: str, data: bytes
) -> None:
    headers = get(partner, attached(partner, data, filename=filename, contentType=claimed)["url"]).headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment;")
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Evil" not in headers


def test_place_is_filled_once(partner: Caller) -> None:
    made = place(partner)
    assert put(partner, made["url"], b"hello").status_code == 204
    again = put(partner, made["url"], b"HELLO")
    assert (again.status_code, "already" in again.text) == (409, True)
    assert attachable(partner, made["id"])


def attachable(caller: Caller, upload_id: str) -> bool:
    """Return whether a ticket may be made with the file."""
    given = {"subject": "x", "body": "x", "attachments": [upload_id]}
    errors = caller.change("TicketCreate", **given)["errors"]
    assert [error["code"] for error in errors] in ([], ["BAD_ATTACHMENT"])
    return not errors


@pytest.mark.parametrize("data", [b"", b"hell", b"hello!", b"x" * 100_000])
def test_other_length_than_announced_is_refused_and_may_be_sent_again(partner: Caller, data: bytes) -> None:
    made = place(partner)
    assert put(partner, made["url"], data).status_code in {400, 413}
    assert not attachable(partner, made["id"])
    assert put(partner, made["url"], b"hello").status_code == 204


@pytest.mark.parametrize(
    ("size", "code"),
    [(0, "INVALID"), (-1, "INVALID"), (10_485_761, "FILE_TOO_LARGE"), (2**31 - 1, "FILE_TOO_LARGE")],
)
def test_size_that_is_not_allowed_cannot_be_announced(partner: Caller, size: int, code: str) -> None:
    assert partner.refused("UploadCreate", filename="a", size=size) == (code, ["size"])


def test_too_large_a_body_is_refused_before_it_is_read(partner: Caller) -> None:
    answer = put(partner, place(partner)["url"], b"x", environ={"CONTENT_LENGTH": "99999999999"})
    assert answer.status_code == 413


def test_place_is_no_longer_there_after_an_hour(partner: Caller) -> None:
    made, known = place(partner), filled(partner)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1, minutes=2)):
        assert put(partner, made["url"], b"hello").status_code == 403
        assert not attachable(partner, known)


def test_file_is_attached_once_and_only_by_who_announced_it(partner: Caller, agent: Caller) -> None:
    known = filled(partner)
    assert not attachable(agent, known)
    assert attachable(partner, known)
    assert not attachable(partner, known)
    assert not attachable(partner, place(partner)["id"])


def test_upload_of_another_service_is_not_there(desk: Desk, partner: Caller, stranger: Caller) -> None:
    make_desk(desk.settings, slug="second")
    elsewhere = log_in(stranger.but(slug="second"), "admin@demo.example")
    made = place(elsewhere)
    assert put(partner, made["url"].replace("/second/", "/demo/"), b"hello").status_code == 404
    assert not attachable(partner, filled(elsewhere))


def test_token_of_a_download_is_none_of_an_upload(partner: Caller) -> None:
    upload = place(partner)["url"].rpartition("/")[2]
    download = attached(partner)["url"].split("/")[-2]
    assert put(partner, f"{BASE}/demo/uploads/{download}", b"hello").status_code == 403
    assert get(partner, f"{BASE}/demo/files/{upload}/a.txt").status_code == 403


@pytest.mark.parametrize("change", ["x", "-", "", "0.1"])
def test_link_that_was_tampered_with_opens_nothing(partner: Caller, change: str) -> None:
    head, token, name = attached(partner)["url"].rsplit("/", 2)
    changed = change if change in {"", "0.1"} else change + token[1:]
    assert get(partner, f"{head}/{changed}/{name}").status_code in {403, 404}


def test_link_expires_and_a_new_one_is_given(partner: Caller) -> None:
    number = ticket(partner, attachments=[filled(partner)])["number"]

    def url() -> str:
        (file,) = partner.ask("Ticket", number=number)["ticket"]["messages"]["nodes"][0]["attachments"]
        found: str = file["url"]
        return found

    old = url()
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1, seconds=2)):
        assert get(partner, old).status_code == 403
        assert get(partner, url()).status_code == 200


def test_link_opens_nothing_in_another_service(desk: Desk, partner: Caller) -> None:
    file = attached(partner)
    make_desk(desk.settings, slug="second")
    assert get(partner, file["url"].replace("/demo/", "/second/")).status_code == 404
    assert get(partner, file["url"].replace("/demo/", "/nobody/")).status_code == 404


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/a/b/.htaccess", "htaccess"),
        ("..", "file"),
        ("", "file"),
        ("a\r\nX-Evil: 1.txt", "a X-Evil: 1.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("\u1100\u1161.txt", "가.txt"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
        ("..%2f..%2fa.txt", "%2f..%2fa.txt"),
        ('quo"te;a=b.txt', 'quo"te;a=b.txt'),
    ],
)
def test_name_is_only_a_name(partner: Caller, given: str, kept: str) -> None:
    file = attached(partner, filename=given)
    assert file["filename"] == kept
    answer = get(partner, file["url"])
    assert (answer.status_code, answer.data) == (200, b"hello")
    disposition = answer.headers["Content-Disposition"]
    assert re.fullmatch(r"attachment; filename\*=UTF-8''[A-Za-z0-9%._~-]+", disposition)


def test_twenty_files_are_the_most(partner: Caller) -> None:
    known = [filled(partner) for _ in range(21)]
    given = {"subject": "x", "body": "x", "attachments": known}
    assert partner.refused("TicketCreate", **given) == ("INVALID", ["attachments"])
    assert partner.done("TicketCreate", **(given | {"attachments": known[:20]}))["ticket"]["number"] == 1
