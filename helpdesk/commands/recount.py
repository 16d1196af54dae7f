"""``helpdesk recount``: counts all tickets anew, for numbers that somebody changed past the desk."""

from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.opening import opened
from helpdesk.tickets import counting


@verb("recount")
def recount(asked: Asked) -> None:
    """Mend the numbers of tickets by status, agent and group; a running desk waits meanwhile."""
    with opened(asked):
        wrong = counting.recount()
    asked.answer(
        {"mended": wrong}, f"{wrong} numbers were wrong and are mended." if wrong else "All numbers are right."
    )
