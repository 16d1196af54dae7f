"""``helpdesk mail hold`` and ``let-go``: what becomes of waiting answers after a backup was put back."""

from helpdesk.channels import restoring
from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.opening import opened


@verb("hold")
def hold(asked: Asked) -> None:
    """After a backup was put back, before any worker runs: keep what waits to go out, for it may be out already."""
    with opened(asked):
        count = restoring.hold()
    asked.answer({"held": count}, f"{count} messages are held; agents see why, and may send each again.")


@verb("let-go")
def let_go(asked: Asked) -> None:
    """Send everything that is held by helpdesk mail hold after all."""
    with opened(asked):
        count = restoring.let_go()
    asked.answer({"let_go": count}, f"{count} messages are on their way.")
