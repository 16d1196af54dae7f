"""Members come in: as whoever invites them, and they themselves, see it."""

import pytest

from helpdesk.agents import operations as agents
from helpdesk.agents.rules import Role
from helpdesk.graphql import ids
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from tests.channels.post import make_post
from tests.factories.client import Caller, log_in
from tests.factories.desk import PASSWORD, Desk, appoint
from tests.factories.echo import Echo

BOSS = "boss@demo.example"
MAIL = "jiwoo@demo.example"
AGENT = "agent@demo.example"
CHOSEN = "snow on the mountain"


@pytest.fixture
def boss(stranger: Caller, desk: Desk) -> Caller:
    """Somebody who looks after the organization and is no agent of the service, logged in there."""
    appoint(desk, BOSS)
    return log_in(stranger, BOSS)


@pytest.fixture
def mail(desk: Desk) -> None:
    """A primary mail account that keeps what it sends."""
    registry.register(Kind.CHANNEL, "email", Echo)
    make_post(desk, driver="email")


def token_in(text: str) -> str:
    """Return the token of the link in a mail or an answer."""
    return text.partition("#")[2].split()[0]


def test_without_a_mail_account_the_link_is_told_to_whoever_invites_this_once(boss: Caller, stranger: Caller) -> None:
    made = boss.done("MemberInvite", email=MAIL, name="Jiwoo")
    assert (made["isMailed"], made["member"]["email"]) == (False, MAIL)
    assert made["link"].startswith("http://127.0.0.1:8000/demo/invitation#hdi_")
    token = token_in(made["link"])
    assert token not in boss.answer("Organization").text
    accepted = stranger.done("InvitationAccept", token=token, password=CHOSEN)
    assert (accepted["member"], accepted["session"], accepted["memberSession"]) == (None, None, None)


def test_with_a_mail_account_the_link_goes_out_by_mail_alone(
    boss: Caller, stranger: Caller, administrator: Caller, mail: None, desk: Desk
) -> None:
    host = boss.but(headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    made = host.done("MemberInvite", email=MAIL, name="Jiwoo")
    assert (made["isMailed"], made["link"]) == (True, None)
    (waiting,) = administrator.ask("Deliveries")["deliveries"]["nodes"]
    assert (waiting["state"], waiting["ticket"], waiting["message"]) == ("QUEUED", None, None)
    assert waiting["recipients"][0]["address"] == MAIL
    desk.run_jobs()
    (sent,) = Echo.sent
    assert "http://127.0.0.1:8000/demo/invitation#hdi_" in sent.text
    assert "evil" not in sent.text
    agents.add_agent(desk.service_id, ids.required_row_id(made["member"]["id"], "Member", path=""), role=Role.AGENT)
    accepted = stranger.done("InvitationAccept", token=token_in(sent.text), password=CHOSEN, name="지우")
    jiwoo = stranger.but(token=accepted["session"]["token"])
    assert jiwoo.ask("Viewer")["viewer"]["name"] == "지우"


@pytest.mark.parametrize("token", ["", "0", "null", "hdi_" + "a" * 43])
def test_wrong_token_is_refused(stranger: Caller, token: str) -> None:
    assert stranger.refused("InvitationAccept", token=token, password=CHOSEN) == ("BAD_TOKEN", ["token"])


@pytest.mark.parametrize("token", [0, None, [], ["hdi_x"], {"$ne": ""}, True])
def test_token_that_is_no_text_is_refused_before_it_is_looked_at(stranger: Caller, token: object) -> None:
    answer = stranger.answer("InvitationAccept", input={"token": token, "password": CHOSEN})
    errors = answer.get_json()["errors"]
    assert (answer.status_code, len(errors)) == (200, 1) or answer.status_code == 400
    assert "data" not in answer.get_json() or answer.get_json()["data"] is None


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"email": "x"}, "BAD_EMAIL", ["email"]),
        ({"name": " "}, "INVALID", ["name"]),
        ({"email": "agent@demo.example"}, "EMAIL_TAKEN", ["email"]),
    ],
)
def test_who_cannot_be_invited_is_refused_in_words(
    boss: Caller, given: dict[str, str], code: str, path: list[str]
) -> None:
    assert boss.refused("MemberInvite", **({"email": MAIL, "name": "Jiwoo"} | given)) == (code, path)


@pytest.mark.parametrize("who", ["administrator", "agent", "partner"])
def test_those_of_a_service_invite_nobody(who: str, boss: Caller, request: pytest.FixtureRequest) -> None:
    caller: Caller = request.getfixturevalue(who)
    assert caller.refused("MemberInvite", email=MAIL, name="Jiwoo") == ("FORBIDDEN", [])


def test_stranger_invites_nobody(stranger: Caller) -> None:
    assert stranger.failed("MemberInvite", input={"email": MAIL, "name": "Jiwoo"}) == "UNAUTHENTICATED"


def test_forgotten_password_is_set_anew_by_mail_and_every_session_ends(
    stranger: Caller, agent: Caller, mail: None, desk: Desk
) -> None:
    asked = [stranger.ask("PasswordResetRequest", input={"email": one}) for one in (AGENT, "nobody@demo.example", "x")]
    assert asked == [{"passwordResetRequest": {"isTaken": True, "errors": []}}] * 3
    desk.run_jobs()
    (sent,) = Echo.sent
    assert sent.recipients[0].value == AGENT
    given = {"token": token_in(sent.text), "password": CHOSEN}
    assert stranger.refused("PasswordReset", **(given | {"password": "short"})) == ("WEAK_PASSWORD", ["password"])
    assert stranger.done("PasswordReset", **given)["isDone"]
    assert stranger.refused("PasswordReset", **given) == ("BAD_TOKEN", ["token"])
    assert agent.failed("Viewer") == "UNAUTHENTICATED"
    assert stranger.done("SessionCreate", email=AGENT, password=CHOSEN)["session"]["token"]


def test_asking_again_and_again_has_to_wait(stranger: Caller) -> None:
    for _ in range(5):
        stranger.done("PasswordResetRequest", email="nobody@demo.example")
    assert stranger.failed("PasswordResetRequest", input={"email": "nobody@demo.example"}) == "TOO_MANY_ATTEMPTS"


def test_password_is_changed_and_this_session_goes_on(stranger: Caller, agent: Caller) -> None:
    other = log_in(stranger, AGENT)
    given = {"currentPassword": PASSWORD, "password": CHOSEN}
    wrong = given | {"currentPassword": "wrong"}
    assert agent.refused("PasswordChange", **wrong) == ("BAD_CREDENTIALS", ["currentPassword"])
    assert agent.done("PasswordChange", **given)["isDone"]
    assert agent.ask("Viewer")["viewer"]["email"] == AGENT
    assert other.failed("Viewer") == "UNAUTHENTICATED"
    assert stranger.failed("PasswordChange", input=given) == "UNAUTHENTICATED"


def test_a_partner_has_no_password(partner: Caller) -> None:
    given = {"currentPassword": PASSWORD, "password": CHOSEN}
    assert partner.refused("PasswordChange", **given) == ("NO_SESSION", [])
