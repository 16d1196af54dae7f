"""``helpdesk docs``: prints what there is to read about the desk, from its code. Needs no desk."""

from helpdesk.commands.asking import Asked, verb
from helpdesk.kit import reference


@verb("plugins")
def plugins(asked: Asked) -> None:
    """Print the reference for plugin authors, in Markdown: kinds, hooks, host, signals, slots, rights and errors."""
    text = reference.markdown()
    asked.answer({"markdown": text}, text.rstrip("\n"))
