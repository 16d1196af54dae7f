"""``helpdesk demo`` as a newcomer has it: one process, its addresses, its mail, and its end."""

import json
import os
import re
import signal
import smtplib
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from helpdesk.commands.demo.filling import LOT
from helpdesk.commands.demo.stories import stories
from tests.factories import plain
from tests.factories.processes import HELPDESK, eventually
from tests.house.programs import fresh_environment

TICKETS = """{ tickets(first: 40) { totalCount nodes {
  subject status language channel customer { name } assignee { name } group { name }
  messages(first: 5) { nodes { kind attachments { filename } } }
} } }"""


NEWEST = """{ tickets(first: 1, orderBy: [{field: NUMBER}]) { totalCount(exact: true) nodes {
  number messages(last: 1) { nodes { bodyText } } } } }"""
FOUND = "query ($words: String!) { tickets(search: $words) { nodes { number } } }"


@contextmanager
def running(*options: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Start a demo in the folder and give it with what it says; interrupt it at the end, which must be in order."""
    process = subprocess.Popen(
        [HELPDESK, "demo", "--json", "--port", "0", *options],
        cwd=folder, env=fresh_environment() | {"TMPDIR": str(folder)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=30)
        assert (process.returncode, rest, complaints) == (0, "", ""), complaints
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """One running demo for the tests that only look at it."""
    folder = tmp_path_factory.mktemp("demo")
    with running("--data", str(folder / "data"), folder=folder) as (_, told):
        yield told


def ask(told: dict[str, Any], query: str, **variables: Any) -> Any:
    """Return the data of a query with the demo's key."""
    body = {"query": query, "variables": variables}
    answer = plain.post(told["graphql"], json=body, headers={"Authorization": f"Bearer {told['key']}"}).json()
    assert "errors" not in answer, answer
    return answer["data"]


def send(told: dict[str, Any], recipient: str, text: str) -> Any:
    """Send a mail to the demo's server and return its refusals."""
    host, port = told["smtp"].split(":")
    with smtplib.SMTP(host, int(port), timeout=10) as server:
        return server.sendmail("minji@walk.example", [recipient], text.encode())


def mails(told: dict[str, Any], address: str) -> list[Path]:
    """Return the unread mails of an address."""
    return sorted(Path(told["mail"], address, "new").glob("*"))


def test_tickets_are_in_two_languages_and_in_every_status(demo: dict[str, Any]) -> None:
    found = ask(demo, TICKETS)["tickets"]
    nodes = found["nodes"]
    assert found["totalCount"] >= 25
    assert {node["language"] for node in nodes} == {"ko", "en"}
    assert {node["status"] for node in nodes} == {"NEW", "OPEN", "ON_HOLD", "RESOLVED", "COMPLETED"}
    messages = [message for node in nodes for message in node["messages"]["nodes"]]
    assert {message["kind"] for message in messages} == {"INQUIRY", "REPLY", "NOTE"}
    assert any(message["attachments"] for message in messages)
    assert all(node["assignee"] for node in nodes if node["status"] != "NEW")
    assert {(node["group"] or {}).get("name") for node in nodes} >= {"배송팀", "기술지원팀"}


def test_pages_are_served_in_both_languages(demo: dict[str, Any]) -> None:
    pages = {language: plain.get(f"{demo['help_center']}/{language}").text for language in ("ko", "en")}
    assert all(f'lang="{language}"' in page for language, page in pages.items())
    assert "<html" in plain.get(demo["graphql"], headers={"Accept": "text/html"}).text


def test_service_whose_name_ends_in_help_center_is_not_called_one_twice(demo: dict[str, Any]) -> None:
    page = plain.get(f"{demo['help_center']}/ko").text
    assert "데모상점 고객센터에 오신 것을 환영합니다." in page
    assert "고객센터 고객센터" not in page


def test_administrator_can_log_in(demo: dict[str, Any]) -> None:
    mutation = "mutation ($input: SessionCreateInput!) { sessionCreate(input: $input) { session { token } } }"
    assert ask(demo, mutation, input=demo["admin"])["sessionCreate"]["session"]["token"].startswith("hds_")


def test_mail_to_the_desk_is_answered_into_the_mailbox_of_its_sender(demo: dict[str, Any]) -> None:
    send(
        demo,
        "support@demo.example",
        "From: minji@walk.example\nSubject: Teapot 771\nMessage-ID: <t@walk.example>\n\nHi.",
    )
    query = '{ tickets(search: "771") { nodes { id } } }'
    found = eventually(lambda: ask(demo, query)["tickets"]["nodes"], seconds=10, what="The ticket")
    reply = "mutation ($input: TicketReplyInput!) { ticketReply(input: $input) { errors { message } } }"
    ask(demo, reply, input={"ticketId": found[0]["id"], "body": "안녕하세요."})
    (file,) = eventually(lambda: mails(demo, "minji@walk.example"), seconds=10, what="The answer")
    answer = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert (answer["In-Reply-To"], answer.get_content().strip()) == ("<t@walk.example>", "안녕하세요.")
    back = answer["Reply-To"].addresses[0].addr_spec
    send(demo, back, f"From: minji@walk.example\nTo: {back}\nSubject: Re\nMessage-ID: <u@walk.example>\n\nThanks!")
    count = f'{{ node(id: "{found[0]["id"]}") {{ ... on Ticket {{ messages {{ totalCount }} }} }} }}'
    eventually(lambda: ask(demo, count)["node"]["messages"]["totalCount"] == 3, seconds=10, what="The reply to it")


def test_mail_for_others_is_delivered_as_it_came(demo: dict[str, Any]) -> None:
    assert send(demo, "Friend@elsewhere.example", "Subject: Hi\r\n\r\nHello.\r\n") == {}
    assert mails(demo, "friend@elsewhere.example")[0].read_bytes() == b"Subject: Hi\r\n\r\nHello.\r\n"


@pytest.mark.parametrize("address", ["../../escape@x.example", ".hidden@x.example", "a/b@x.example"])
def test_address_that_is_a_path_is_refused_and_writes_nothing(demo: dict[str, Any], address: str) -> None:
    with pytest.raises(smtplib.SMTPDataError, match="554"):
        send(demo, address, "Subject: Hi\n\nHello.\n")
    assert not [path for path in Path(demo["data"]).parent.rglob("*") if "escape" in path.name or path.name == "a"]


def test_agents_answers_of_the_stories_have_arrived(demo: dict[str, Any]) -> None:
    eventually(lambda: mails(demo, "ethan.cole@mail.example"), seconds=20, what="An answer of a story")


def test_tickets_are_made_up_and_found_and_what_follows_goes_on(tmp_path: Path) -> None:
    with running("--data", "many", "--tickets", "90", folder=tmp_path) as (_, told):
        (newest,) = ask(told, NEWEST)["tickets"]["nodes"]
        assert newest["number"] == 90
        (message,) = newest["messages"]["nodes"]
        word = message["bodyText"].split()[1]
        found = ask(told, FOUND, words=f"{word} {newest['number']}")["tickets"]
        assert [node["number"] for node in found["nodes"]] == [90]
        send(
            told, "support@demo.example", "From: minji@walk.example\nSubject: Next\nMessage-ID: <n@walk.example>\n\nHi."
        )
        eventually(lambda: ask(told, NEWEST)["tickets"]["nodes"][0]["number"] == 91, seconds=60, what="The ticket")
    with running("--data", "many", "--tickets", "50", folder=tmp_path) as (_, told):
        assert ask(told, NEWEST)["tickets"]["totalCount"] == 91
    checked = subprocess.run(
        [HELPDESK, "doctor", "--data", "many"], cwd=tmp_path, env=fresh_environment(), capture_output=True, text=True,
        check=False, timeout=30,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


def test_interrupted_making_leaves_a_desk_that_goes_on(tmp_path: Path) -> None:
    command = [HELPDESK, "demo", "--port", "0", "--data", "cut", "--tickets", "40000"]
    process = subprocess.Popen(command, cwd=tmp_path, env=fresh_environment(), stdout=subprocess.PIPE, text=True)
    try:
        file = tmp_path / "cut/desk.db"
        eventually(lambda: file.exists() and tickets_in(file) > 100, seconds=120, what="The first lot")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[0] == ""
        assert (process.returncode, (tickets_in(file) - len(stories())) % LOT) == (0, 0)
    finally:
        process.kill()
        process.wait()
    with running("--data", "cut", folder=tmp_path) as (_, told):
        assert ask(told, NEWEST)["tickets"]["totalCount"] == tickets_in(file)


def tickets_in(file: Path) -> int:
    """Return how many tickets a database holds."""
    with closing(sqlite3.connect(file)) as connection:
        try:
            return int(connection.execute("SELECT COUNT(*) FROM ticket").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def test_restart_takes_the_desk_up_with_a_new_key_and_the_old_one_is_refused(tmp_path: Path) -> None:
    with running("--data", "kept", folder=tmp_path) as (_, first):
        count = ask(first, TICKETS)["tickets"]["totalCount"]
    with running("--data", "kept", folder=tmp_path) as (_, second):
        assert ask(second, TICKETS)["tickets"]["totalCount"] == count
        old = {"Authorization": f"Bearer {first['key']}"}
        assert plain.post(second["graphql"], json={"query": "{ __typename }"}, headers=old).status_code == 401
        other = subprocess.run(
            [HELPDESK, "demo", "--port", "0", "--data", "kept"], cwd=tmp_path, env=fresh_environment(),
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        assert (other.returncode, "runs in" in other.stderr) == (2, True)


def test_taken_port_of_the_mail_server_is_told_by_its_own_option(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [HELPDESK, "demo", "--port", "0", "--smtp-port", str(port)], cwd=tmp_path, env=fresh_environment(),
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
    assert (done.returncode, "Choose another by --smtp-port" in done.stderr) == (2, True)


def test_demo_without_a_folder_leaves_nothing_behind(tmp_path: Path) -> None:
    with running(folder=tmp_path) as (_, told):
        assert Path(told["data"]).is_relative_to(tmp_path)
        assert Path(told["data"], "desk.db").is_file()
    assert os.listdir(tmp_path) == []


def test_printed_curl_line_works_when_pasted(tmp_path: Path) -> None:
    log = tmp_path / "said"
    with log.open("w") as said:
        process = subprocess.Popen(
            [HELPDESK, "demo", "--port", "0", "--data", "desk"], cwd=tmp_path, env=fresh_environment(), stdout=said
        )
    try:
        eventually(lambda: "curl" in log.read_text(), seconds=30, what="The page of addresses")
        line = re.search(r"curl .*\n.*", log.read_text())
        assert line is not None
        answer = json.loads(subprocess.run(["bash", "-c", line[0]], check=True, capture_output=True).stdout)
        assert len(answer["data"]["tickets"]["nodes"]) == 5
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
