"""A day at the desk, from a customer's mail to the answer in the customer's mailbox, with every part for real."""

import re
from typing import Any

from tests.factories import plain
from tests.factories.processes import eventually
from tests.journeys.conftest import Journey
from tests.journeys.letters import PIXEL, RECEIPT, SUBJECT, TEXT, Letter, inquiry

FIRST = 1
ANSWER = "안녕하세요, 데모 고객센터입니다.\n환불을 접수했습니다. 안내 파일을 확인해 주세요."
THANKS = "감사합니다. 언제쯤 입금되나요?"
GUIDE = "환불은 영업일 기준 3일이 걸립니다.\n".encode()


def ticket_at(journey: Journey, *, status: str, messages: int) -> dict[str, Any]:
    """Return the desk's first ticket once it stands there with so many messages."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] | None = journey.calls.ask("Ticket", number=FIRST)["ticket"]
        fits = found and (found["status"], len(found["messages"]["nodes"])) == (status, messages)
        return found if fits else None

    return eventually(look, seconds=15, what=f"One ticket, {status}, with {messages} messages")


def upload(journey: Journey, filename: str, content: bytes) -> str:
    """Send a file in the two steps of a client and return the id to attach it by."""
    place = journey.calls.do("UploadCreate", filename=filename, size=len(content))["upload"]
    assert plain.put(place["url"], content=content).status_code == 204
    return str(place["id"])


def reply(journey: Journey, ticket: dict[str, Any]) -> None:
    """Take the ticket, give the final answer with a file, and see that it is sent."""
    (agent,) = journey.calls.ask("Service")["agents"]
    assert journey.calls.do("TicketAssign", ticketId=ticket["id"], assigneeId=agent["id"])["ticket"]["status"] == "OPEN"
    file = upload(journey, "환불 안내.txt", GUIDE)
    done = journey.calls.do("TicketReply", ticketId=ticket["id"], body=ANSWER, status="RESOLVED", attachments=[file])
    assert done["ticket"]["status"] == "RESOLVED"

    def is_sent() -> bool:
        messages = journey.calls.ask("Ticket", number=FIRST)["ticket"]["messages"]["nodes"]
        return bool(messages[1]["delivery"]["state"] == "SENT")

    eventually(is_sent, seconds=15, what="The sending of the answer")


def ask_by_form(journey: Journey, **typed: str) -> int:
    """Fill in the inquiry form as a browser without JavaScript does, and return the number that is shown."""
    page = f"{journey.site.url}/demo/hc/ko/inquiry"
    with plain.Client(follow_redirects=True) as browser:
        token = re.search(r'name="form_token" value="([^"]+)"', browser.get(page).text)
        assert token is not None
        form = {**typed, "email": journey.customer, "consent": "yes", "form_token": token[1]}

        def sent() -> str:
            answer = browser.post(page, data=form, files={"files": ("사진.png", PIXEL, "image/png")})
            return answer.text if "inquiry/done" in str(answer.url) else ""

        shown = eventually(sent, seconds=15, what="A form that is not taken for a machine's")
    numbers = re.findall(r"<strong>#?(\d+)", shown)
    assert numbers, shown
    return int(numbers[0])


def assert_inquiry_is_whole(journey: Journey, ticket: dict[str, Any]) -> None:
    """Check that the customer's mail is there to the letter and to the byte."""
    (message,) = ticket["messages"]["nodes"]
    assert (ticket["subject"], ticket["channel"]) == (SUBJECT, "email")
    assert (ticket["customer"]["name"], ticket["customer"]["email"]) == ("김민지", journey.customer)
    assert (message["kind"], message["bodyText"], message["author"]["name"]) == ("INQUIRY", TEXT, "김민지")
    files = {file["filename"]: file for file in message["attachments"]}
    assert plain.get(files["영수증.pdf"]["url"]).content == RECEIPT
    (picture,) = re.findall(r'<img [^>]*src="([^"]+)"', message["bodyHtml"])
    shown = plain.get(picture)
    assert (shown.content, shown.headers["content-type"]) == (PIXEL, "image/png")


def assert_answer_is_whole(journey: Journey, letter: Letter, *, number: int) -> None:
    """Check what the customer reads in the mailbox."""
    assert letter.header("Subject") == f"Re: {SUBJECT} [#{number}]"
    assert letter.header("From") == f"데모 고객센터 <{journey.support}>"
    local, _, domain = journey.support.partition("@")
    assert re.fullmatch(rf"{local}\+t\.[a-z0-9.]+@{domain}", letter.address("Reply-To"))
    first = f"<first.{journey.customer}>"
    assert (letter.header("In-Reply-To"), letter.header("References")) == (first, first)
    assert letter.text.strip() == ANSWER
    assert letter.files == {"환불 안내.txt": GUIDE}


def assert_history_is_whole(ticket: dict[str, Any]) -> None:
    """Check who did what, in order, and how the status went."""
    lines = [(one["name"], one["actorKind"]) for one in ticket["history"]["nodes"]]
    by_key, by_desk = "service_key", "system"
    assert lines == [
        ("ticket.created", by_desk), ("message.added", by_desk),
        ("ticket.assigned", by_key), ("ticket.status_changed", by_key),
        ("message.added", by_key), ("ticket.status_changed", by_key), ("delivery.finished", by_desk),
        ("message.added", by_desk), ("ticket.status_changed", by_desk),
    ]  # fmt: skip
    changes = [one["changes"]["status"] for one in ticket["history"]["nodes"] if "status" in one["changes"]]
    assert changes == [[None, "NEW"], ["NEW", "OPEN"], ["OPEN", "RESOLVED"], ["RESOLVED", "OPEN"]]


def test_customer_is_answered_by_mail_and_answers_in_the_same_ticket(journey: Journey) -> None:
    journey.open_account()
    journey.dovecot.append(journey.support, inquiry(sender=journey.customer, to=journey.support))
    ticket = ticket_at(journey, status="NEW", messages=1)
    assert_inquiry_is_whole(journey, ticket)

    reply(journey, ticket)
    letter = journey.mail_to_customer(1)
    assert_answer_is_whole(journey, letter, number=ticket["number"])

    journey.dovecot.append(journey.support, letter.answer(THANKS, sender=journey.customer))
    after = ticket_at(journey, status="OPEN", messages=3)
    assert [(one["kind"], one["bodyText"].strip()) for one in after["messages"]["nodes"]] == [
        ("INQUIRY", TEXT), ("REPLY", ANSWER), ("INQUIRY", THANKS),
    ]  # fmt: skip
    assert_history_is_whole(after)


def test_visitor_of_the_help_center_is_answered_by_mail(journey: Journey) -> None:
    journey.open_account()
    number = ask_by_form(
        journey, name="이서연", subject="배송 문의", content="두 주 전에 주문했습니다.\r\n언제 오나요?"
    )
    ticket = ticket_at(journey, status="NEW", messages=1)
    (message,) = ticket["messages"]["nodes"]
    assert (ticket["number"], ticket["subject"], ticket["channel"]) == (number, "배송 문의", "web")
    assert (ticket["customer"]["name"], ticket["customer"]["email"]) == ("이서연", journey.customer)
    assert message["bodyText"] == "두 주 전에 주문했습니다.\n언제 오나요?"
    (file,) = message["attachments"]
    assert (file["filename"], plain.get(file["url"]).content) == ("사진.png", PIXEL)

    reply(journey, ticket)
    letter = journey.mail_to_customer(1)
    assert letter.header("Subject") == f"Re: 배송 문의 [#{number}]"
    assert (letter.text.strip(), letter.files) == (ANSWER, {"환불 안내.txt": GUIDE})

    journey.dovecot.append(journey.support, letter.answer(THANKS, sender=journey.customer))
    ticket_at(journey, status="OPEN", messages=3)
