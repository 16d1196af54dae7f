"""The interfaces for whoever writes and whoever asks."""

import strawberry


@strawberry.interface(description="Whoever wrote a message: an Agent, a Customer, or a SystemAuthor.")
class MessageAuthor:
    """Whoever wrote a message."""

    name: str = strawberry.field(description="The name to show; may be empty when none is known.")


@strawberry.interface(description="Whoever asks: an Agent, a Member who is no agent here, a Customer or a ServiceKey.")
class Viewer:
    """Whoever asks."""

    name: str = strawberry.field(description="The name to show.")


@strawberry.type(
    description="A partner's program, a plugin (by its title), or the desk itself; for those who may not see customers,"
    " a customer too."
)
class SystemAuthor(MessageAuthor):
    """An author of whom there is no more to tell than the name."""
