"""``helpdesk user add``: whoever is added can log in."""

from helpdesk.access import sessions
from helpdesk.agents import queries as agents
from helpdesk.agents.rules import Role
from tests.commands.conftest import Shell


def test_added_user_can_log_in_with_the_password_that_is_shown(made: Shell) -> None:
    told = made.json("user", "add", "--email", "Jiwoo@Demo.example", "--name", "한지우", "--role", "administrator")
    with made.opened() as service_id:
        agent = agents.agents_of_service(service_id)[-1]
        assert (agent.id, agent.name, agent.role) == (told["id"], "한지우", Role.ADMINISTRATOR)
    assert (
        sessions.log_in(service_id, "jiwoo@demo.example", told["password"], address="127.0.0.1").agent_id == told["id"]
    )


def test_given_password_is_not_repeated(made: Shell) -> None:
    said = made.text("user", "add", "--email", "a@b.example", "--password", "rain on the harbour")
    assert said == "a@b.example is an agent of demo now.\n"


def test_user_is_added_once(made: Shell) -> None:
    made.text("user", "add", "--email", "a@b.example")
    assert "is a member already" in made.refused("user", "add", "--email", "A@b.example")


def test_refused_user_leaves_no_member_behind(made: Shell) -> None:
    assert "at least 10" in made.refused("user", "add", "--email", "a@b.example", "--password", "short")
    assert made.json("user", "add", "--email", "a@b.example")["email"] == "a@b.example"


def test_unknown_service_is_answered_with_those_that_there_are(made: Shell) -> None:
    sentence = made.refused("user", "add", "--email", "a@b.example", "--service", "shop")
    assert sentence == "Error: There is no service “shop”; this desk has demo."


def test_nobody_is_added_without_a_group(made: Shell) -> None:
    for email, group in (("a@b.example", ()), ("b@b.example", ("--group", "Returns")), ("c@b.example", ())):
        made.text("user", "add", "--email", email, *group)
    with made.opened() as service_id:
        rows = agents.agents_of_service(service_id)
        groups = [[group.name for group in one] for one in agents.groups_of_agents([row.id for row in rows])]
    assert groups == [["Agents"], ["Agents"], ["Returns"], ["Agents"]]


def test_organization_admin_comes_in_without_being_an_agent(made: Shell) -> None:
    told = made.json("user", "add", "--email", "boss@b.example", "--organization-admin")
    assert (told["id"], told["role"], told["is_organization_admin"]) == (None, None, True)
    with made.opened() as service_id:
        assert "boss@b.example" not in [row.email for row in agents.agents_of_service(service_id)]
    assert sessions.log_in(service_id, "boss@b.example", told["password"], address="127.0.0.1").agent_id is None
    given = ("--password", "rain on the harbour", "--role", "agent", "--organization-admin")
    said = made.text("user", "add", "--email", "both@b.example", *given)
    assert said == "both@b.example is an agent of demo and an administrator of the organization now.\n"
