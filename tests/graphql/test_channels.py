"""Channel accounts, what comes in and what goes out, as an administrator sets up and watches them."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import time_machine
from werkzeug.test import TestResponse

from helpdesk.channels import outbox
from helpdesk.kernel import db
from helpdesk.sdk.channel import AccountRefused, Outbound, Refused, Retry
from tests.factories.client import Caller, ticket
from tests.factories.desk import Desk, make_desk
from tests.factories.echo import Echo

SECRET = "do not tell this"


def account(caller: Caller, **given: Any) -> Any:
    """Make an Echo account and return it."""
    plain = {"driver": "echo", "name": "Echo", "settings": {"url": "https://echo.test", "token": SECRET}}
    return caller.done("ChannelAccountCreate", **(plain | given))["account"]


def hook(caller: Caller, made: Any, **message: Any) -> int:
    """Send a message to an account's hook, as its provider does, and return the status."""
    path = made["hookUrl"].removeprefix("http://127.0.0.1:8000")
    body = orjson.dumps(
        {"id": "m1", "from": "hong@customer.example", "subject": "문의", "text": "안녕하세요"} | message
    )
    return caller.but(token=None).send("POST", path, data=body, headers={"X-Echo-Token": SECRET}).status_code


def only(caller: Caller, operation: str, **variables: Any) -> Any:
    """Return the only node of a list."""
    (page,) = caller.ask(operation, **variables).values()
    (node,) = page["nodes"]
    return node


def test_account_is_set_up_and_its_secret_never_comes_back(administrator: Caller) -> None:
    made = account(administrator)
    assert (made["driver"], made["isEnabled"], made["isPrimary"], made["version"]) == ("echo", True, True, 1)
    assert made["settings"] == {"url": "https://echo.test"}
    assert made["hookUrl"].startswith("http://127.0.0.1:8000/demo/channels/")
    listed = administrator.answer("ChannelAccounts")
    assert [one["id"] for one in listed.get_json()["data"]["channelAccounts"]] == [made["id"]]
    assert SECRET not in listed.text


def test_secret_that_is_not_named_stays_and_is_used(administrator: Caller) -> None:
    made = account(administrator)
    changed = administrator.done(
        "ChannelAccountUpdate", id=made["id"], settings={"url": "https://new.test"}, name="New"
    )
    assert changed["account"]["settings"] == {"url": "https://new.test"}
    assert (changed["account"]["name"], changed["account"]["version"]) == ("New", 2)
    assert hook(administrator, made) == 200
    administrator.done("ChannelAccountUpdate", id=made["id"], settings={"token": "another"})
    assert hook(administrator, made, id="m2") == 401


def test_first_account_is_primary_until_another_is_wanted(administrator: Caller) -> None:
    one, two = account(administrator), account(administrator, name="Two")
    assert (one["isPrimary"], two["isPrimary"]) == (True, False)
    administrator.done("ChannelAccountUpdate", id=two["id"], isPrimary=True)
    accounts = administrator.ask("ChannelAccounts")["channelAccounts"]
    assert [one["isPrimary"] for one in accounts] == [False, True]


def test_deleted_account_is_gone_and_takes_nothing_any_more(administrator: Caller) -> None:
    made = account(administrator)
    assert administrator.done("ChannelAccountDelete", id=made["id"])["deletedId"] == made["id"]
    assert administrator.ask("ChannelAccounts")["channelAccounts"] == []
    assert hook(administrator, made) == 404
    assert administrator.refused("ChannelAccountDelete", id=made["id"]) == ("NOT_FOUND", ["id"])


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"driver": "pigeon"}, "CHANNEL_NOT_LOADED", ["driver"]),
        ({"name": " "}, "INVALID", ["name"]),
        ({"settings": []}, "INVALID", ["settings"]),
        ({"settings": {"colour": "red"}}, "INVALID", ["settings", "colour"]),
        ({"settings": {"token": 1}}, "INVALID", ["settings", "token"]),
        ({"driver": "email", "settings": {}}, "INVALID", ["settings", "address"]),
        (
            {"driver": "email", "settings": {"address": "a@b.example", "imap_port": 0}},
            "INVALID",
            ["settings", "imap_port"],
        ),
    ],
)
def test_wrong_settings_name_the_field_and_repeat_no_secret(
    administrator: Caller, given: Any, code: str, path: list[str]
) -> None:
    plain = {"driver": "echo", "name": "Echo", "settings": {"token": SECRET}}
    assert administrator.refused("ChannelAccountCreate", **(plain | given)) == (code, path)
    bad = administrator.answer("ChannelAccountCreate", input=plain | {"settings": {"token": [SECRET]}})
    assert SECRET not in bad.text


def test_old_version_is_refused(administrator: Caller) -> None:
    made = account(administrator)
    given = {"id": made["id"], "name": "x", "expectedVersion": 7}
    assert administrator.refused("ChannelAccountUpdate", **given) == ("VERSION_CONFLICT", ["expectedVersion"])


def test_account_is_tried_against_its_provider(administrator: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    made = account(administrator)

    def refuse(_self: Echo) -> None:
        raise Refused("The token has expired; make a new one.")

    tried = administrator.done("ChannelAccountTest", id=made["id"])
    assert (tried["isOk"], tried["message"].partition(": ")[0]) == (
        True, "The settings are complete. This channel has no test of its own",
    )  # fmt: skip
    monkeypatch.setattr(Echo, "check", refuse)
    tried = administrator.done("ChannelAccountTest", id=made["id"])
    assert (tried["isOk"], tried["message"]) == (False, "The token has expired; make a new one.")


def test_account_that_must_be_reconnected_says_so_and_nothing_is_lost(
    desk: Desk, administrator: Caller, agent: Caller
) -> None:
    def refuse(_message: Outbound) -> None:
        raise AccountRefused("invalid_grant: reconnect the account.", must_reconnect=True)

    made = account(administrator)
    hook(administrator, made)
    desk.run_jobs()
    Echo.on_send = refuse
    (node,) = agent.ask("Tickets")["tickets"]["nodes"]
    agent.done("TicketReply", ticketId=node["id"], body="답변")
    desk.run_jobs()
    (shown,) = administrator.ask("ChannelAccounts")["channelAccounts"]
    assert (shown["state"], shown["sending"]["lastError"]) == ("RECONNECT", "invalid_grant: reconnect the account.")
    assert shown["sending"]["restsUntil"] > shown["sending"]["failedAt"]
    assert (only(agent, "Deliveries")["state"], only(agent, "Deliveries")["attempts"]) == ("RETRYING", 0)
    Echo.on_send = None
    administrator.done("ChannelAccountUpdate", id=made["id"], settings={"token": "granted anew"})
    desk.run_jobs()
    (shown,) = administrator.ask("ChannelAccounts")["channelAccounts"]
    assert (shown["state"], shown["sending"]["lastError"], shown["sending"]["restsUntil"]) == ("WORKING", "", None)
    assert (only(agent, "Deliveries")["state"], len(Echo.sent)) == ("SENT", 1)


def test_account_that_is_switched_off_says_so(administrator: Caller) -> None:
    made = account(administrator)
    administrator.done("ChannelAccountUpdate", id=made["id"], isEnabled=False)
    (shown,) = administrator.ask("ChannelAccounts")["channelAccounts"]
    assert (shown["state"], shown["sending"], shown["health"]) == ("OFF", None, None)


def test_agent_sees_deliveries_and_no_accounts(agent: Caller) -> None:
    assert agent.failed("ChannelAccounts") == "FORBIDDEN"
    assert agent.failed("Inbox") == "FORBIDDEN"
    assert agent.refused("ChannelAccountCreate", driver="echo", name="x", settings={})[0] == "FORBIDDEN"
    assert agent.ask("Deliveries")["deliveries"]["totalCount"] == 0


def test_message_from_outside_becomes_a_ticket(desk: Desk, administrator: Caller) -> None:
    made = account(administrator)
    assert hook(administrator, made, sent_at="2026-11-03T15:12:00+09:00") == 200
    assert only(administrator, "Inbox")["state"] == "RECEIVED"
    desk.run_jobs()
    item = only(administrator, "Inbox", state="PROCESSED")
    assert (item["outcome"], item["ticket"]["number"], item["account"]["id"]) == ("TICKET", 1, made["id"])
    shown = administrator.ask("Ticket", number=1)["ticket"]
    assert shown["customer"]["email"] == "hong@customer.example"
    (message,) = shown["messages"]["nodes"]
    assert message["createdAt"] == item["receivedAt"]
    assert datetime.fromisoformat(message["sentAt"]) == datetime(2026, 11, 3, 6, 12, tzinfo=UTC)


def test_message_without_a_sender_has_neither_customer_nor_author(desk: Desk, administrator: Caller) -> None:
    hook(administrator, account(administrator), **{"from": "unknown@sender.invalid"})
    desk.run_jobs()
    shown = administrator.ask("Ticket", number=1)["ticket"]
    assert (shown["customer"], shown["messages"]["nodes"][0]["author"]) == (None, None)
    assert administrator.ask("Customers")["customers"]["nodes"] == []


def test_what_cannot_be_read_lies_in_quarantine_and_is_read_again(desk: Desk, administrator: Caller) -> None:
    made = account(administrator)
    hook(administrator, made, garbage=True)
    for _ in range(5):
        desk.run_jobs()
        waiting = administrator.ask("Inbox", state="RETRYING")["inbox"]["nodes"]
        for item in waiting:
            administrator.done("InboxRetry", id=item["id"])
    item = only(administrator, "Inbox")
    again = administrator.done("InboxRetry", id=item["id"])["item"]
    assert (again["state"], again["attempts"]) == ("RETRYING", 0)
    assert "it answered a str, not Inbound or DeliveryReport" in again["reason"]


def test_filed_message_cannot_be_read_again(desk: Desk, administrator: Caller) -> None:
    hook(administrator, account(administrator))
    desk.run_jobs()
    assert administrator.refused("InboxRetry", id=only(administrator, "Inbox")["id"])[0] == "NOT_RETRIABLE"
    assert administrator.refused("InboxRetry", id="x") == ("NOT_FOUND", ["id"])


def test_answer_goes_back_by_the_way_on_which_the_ticket_came(desk: Desk, administrator: Caller, agent: Caller) -> None:
    hook(administrator, account(administrator))
    desk.run_jobs()
    made = administrator.ask("Ticket", number=1)["ticket"]
    answered = agent.done("TicketReply", ticketId=made["id"], body="답변입니다")
    assert answered["message"]["delivery"]["state"] == "QUEUED"
    desk.run_jobs()
    delivery = only(agent, "Deliveries", state="SENT")
    assert (delivery["ticket"]["number"], delivery["message"]["bodyText"], delivery["attempts"]) == (1, "답변입니다", 1)
    assert delivery["recipients"] == [
        {"address": "hong@customer.example", "name": "", "verdict": "accepted", "reason": "", "isPermanent": False}
    ]
    assert [message.text for message in Echo.sent] == ["답변입니다"]


def test_failed_answer_is_seen_and_sent_again(desk: Desk, administrator: Caller, agent: Caller) -> None:
    def refuse(_message: Outbound) -> None:
        raise Refused("550 no such user")

    hook(administrator, account(administrator))
    desk.run_jobs()
    Echo.on_send = refuse
    agent.done("TicketReply", ticketId=administrator.ask("Ticket", number=1)["ticket"]["id"], body="x")
    desk.run_jobs()
    failed = only(agent, "Deliveries", state="FAILED")
    assert (failed["lastError"], failed["nextTryAt"], failed["recipients"][0]["verdict"]) == (
        "550 no such user",
        None,
        "failed",
    )
    assert not failed["recipients"][0]["isPermanent"]
    Echo.on_send = None
    assert agent.done("DeliveryRetry", id=failed["id"])["delivery"]["state"] == "RETRYING"
    desk.run_jobs()
    assert only(agent, "Deliveries")["state"] == "SENT"
    assert agent.refused("DeliveryRetry", id=failed["id"])[0] == "NOT_RETRIABLE"


def test_bounce_is_seen_on_the_message_with_recipient_and_reason_and_the_next_answer_warns(
    desk: Desk, administrator: Caller, agent: Caller
) -> None:
    made = account(administrator)
    hook(administrator, made)
    desk.run_jobs()
    ticket_id = administrator.ask("Ticket", number=1)["ticket"]["id"]
    agent.done("TicketReply", ticketId=ticket_id, body="x")
    desk.run_jobs()
    known_as = only(agent, "Deliveries")["externalId"]
    hook(
        administrator, made, id=known_as, report="failed", to="hong@customer.example", reason="550 5.1.1 unknown",
        is_permanent=True,
    )  # fmt: skip
    desk.run_jobs()
    (warning,) = agent.done("TicketReply", ticketId=ticket_id, body="y")["message"]["delivery"]["warnings"]
    desk.run_jobs()
    _, first, second = agent.ask("Ticket", number=1)["ticket"]["messages"]["nodes"]
    assert first["delivery"]["state"] == "FAILED"
    assert first["delivery"]["recipients"] == [
        {
            "address": "hong@customer.example",
            "verdict": "failed",
            "reason": "550 5.1.1 unknown",
            "isPermanent": True,
        }
    ]
    assert second["delivery"]["state"] == "SENT"
    assert warning.startswith("hong@customer.example takes no messages since 20")
    assert warning.endswith(": 550 5.1.1 unknown")


def test_answer_that_is_put_off_tells_when_it_is_tried_again(desk: Desk, administrator: Caller, agent: Caller) -> None:
    def put_off(_message: Outbound) -> None:
        raise Retry("451 later", after_seconds=60)

    hook(administrator, account(administrator))
    desk.run_jobs()
    Echo.on_send = put_off
    agent.done("TicketReply", ticketId=administrator.ask("Ticket", number=1)["ticket"]["id"], body="x")
    outbox.drain(desk.settings)
    waiting = only(agent, "Deliveries", state="RETRYING")
    assert (waiting["lastError"], waiting["nextTryAt"] is not None, waiting["finishedAt"]) == ("451 later", True, None)


def test_partner_s_ticket_is_answered_by_the_primary_mail_account(partner: Caller, administrator: Caller) -> None:
    settings = {"address": "support@demo.example", "smtp_host": "127.0.0.1", "smtp_security": "none"}
    made = administrator.done("ChannelAccountCreate", driver="email", name="Mail", settings=settings)["account"]
    answered = partner.done("TicketReply", ticketId=ticket(partner)["id"], body="x")
    assert answered["message"]["delivery"]["state"] == "QUEUED"
    assert only(partner, "Deliveries")["account"]["id"] == made["id"]


def test_answer_that_would_reach_nobody_is_refused_unless_it_is_kept(partner: Caller, administrator: Caller) -> None:
    settings = {"address": "support@demo.example", "smtp_host": "127.0.0.1", "smtp_security": "none"}
    administrator.done("ChannelAccountCreate", driver="email", name="Mail", settings=settings)
    made = partner.done("TicketCreate", subject="전화 주세요", body="x", customer={"phone": "010-1234-5678"})["ticket"]
    given = {"ticketId": made["id"], "body": "전화드렸습니다", "status": "RESOLVED"}
    assert partner.refused("TicketReply", **given) == ("CUSTOMER_NOT_REACHABLE", ["ticketId"])
    untouched = partner.ask("Ticket", number=made["number"])["ticket"]
    assert (untouched["status"], len(untouched["messages"]["nodes"])) == ("NEW", 1)
    answered = partner.done("TicketReply", **given, isKept=True)
    assert (answered["ticket"]["status"], answered["message"]["delivery"]) == ("RESOLVED", None)


def test_delivery_does_not_lead_an_agent_to_the_settings_of_its_account(
    administrator: Caller, agent: Caller, partner: Caller
) -> None:
    administrator.done("ChannelAccountCreate", driver="echo", name="Echo", settings={"url": "https://inner.example"})
    db.database.execute_sql("UPDATE channel_account SET driver = 'email'")
    made = ticket(partner)
    agent.done("TicketReply", ticketId=made["id"], body="네")
    answer = agent.post("{ deliveries(first: 1) { nodes { account { name settings } } } }").get_json()
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "inner.example" not in str(answer)
    assert agent.post("{ deliveries(first: 1) { nodes { account { name } } } }").get_json()["data"]["deliveries"][
        "nodes"
    ]


def test_what_a_message_quotes_is_told_apart(desk: Desk, administrator: Caller) -> None:
    text = "네, 1042번입니다.\n\n-----원본 메시지-----\n주문 번호는요?"
    made = account(administrator)
    assert hook(administrator, made, text=text, quoted_from=text.index("-----")) == 200
    desk.run_jobs()
    (message,) = administrator.ask("Ticket", number=1)["ticket"]["messages"]["nodes"]
    assert (message["bodyText"], message["newText"]) == (text, "네, 1042번입니다.")
    assert message["quotedText"] == "-----원본 메시지-----\n주문 번호는요?"


def download(caller: Caller, url: str) -> TestResponse:
    """Open a link as a browser does."""
    return caller.but(token=None).send("GET", url.removeprefix("http://127.0.0.1:8000"))


def held(desk: Desk, administrator: Caller) -> Any:
    """Let a message come that is held, and return its inbox item."""
    hook(administrator, account(administrator), suspicion="It is a pretence.", name="홍길동", text="<b>\r\n\x00")
    desk.run_jobs()
    return only(administrator, "Inbox")


def test_what_is_held_is_seen_before_it_is_released(desk: Desk, administrator: Caller) -> None:
    item = held(desk, administrator)
    assert (item["sender"], item["subject"]) == ("홍길동 <hong@customer.example>", "문의")
    given = download(administrator, item["rawUrl"])
    assert (given.status_code, hashlib.sha256(given.data).hexdigest()) == (200, item["digest"])
    assert orjson.loads(given.data)["text"] == "<b>\r\n\x00"
    assert given.headers["Content-Type"] == "application/octet-stream"
    name = f"{item['digest'][:16]}.bin"
    assert item["rawUrl"].endswith(f"/{name}")
    assert given.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{name}"
    assert given.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert given.headers["X-Content-Type-Options"] == "nosniff"


def test_raw_link_opens_nothing_elsewhere_nor_later(desk: Desk, administrator: Caller, stranger: Caller) -> None:
    url = held(desk, administrator)["rawUrl"]
    make_desk(desk.settings, slug="second")
    assert download(stranger, url.replace("/demo/", "/second/")).status_code == 404
    token = url.split("/")[-2]
    for other in (url.replace("/inbox/", "/files/"), url.replace(token, "x" + token[1:])):
        assert download(stranger, other).status_code == 403
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1, seconds=2)):
        assert download(stranger, url).status_code == 403


def test_what_is_held_is_released_by_a_person(desk: Desk, administrator: Caller, agent: Caller) -> None:
    hook(
        administrator, account(administrator), suspicion="It is a pretence.", proof="failed", proof_details="dmarc=fail"
    )
    desk.run_jobs()
    item = only(administrator, "Inbox", state="QUARANTINED")
    assert (item["isHeld"], item["reason"], item["ticket"]) == (True, "It is a pretence.", None)
    assert agent.refused("InboxRelease", id=item["id"])[0] == "FORBIDDEN"
    assert agent.refused("InboxDismiss", id=item["id"])[0] == "FORBIDDEN"
    assert administrator.done("InboxDismiss", id=item["id"])["item"]["state"] == "PROCESSED"
    assert administrator.refused("InboxDismiss", id=item["id"])[0] == "NOT_QUARANTINED"
    assert administrator.done("InboxRelease", id=item["id"])["item"]["state"] == "RETRYING"
    desk.run_jobs()
    (message,) = administrator.ask("Ticket", number=1)["ticket"]["messages"]["nodes"]
    assert (message["proof"], message["proofDetails"]) == ("FAILED", "dmarc=fail")
    assert administrator.refused("InboxRelease", id=item["id"])[0] == "NOT_RETRIABLE"
