"""The neighbour that nobody wants: a channel that raises in every hook. What is tested must work beside it."""

from typing import ClassVar, NoReturn

from helpdesk.sdk.channel import Channel, InboundRequest, Outbound


class Trouble(Channel):
    """A channel whose every hook but ``verify`` raises something else than it may."""

    title: ClassVar = {"en": "Trouble", "ko": "말썽"}

    def receive(self, _request: InboundRequest) -> NoReturn:
        """End the process, as far as that goes."""
        raise SystemExit("trouble")

    def send(self, _message: Outbound) -> NoReturn:
        """Run out of memory."""
        raise MemoryError("trouble")

    def identify(self, _message: Outbound) -> NoReturn:
        """Fail plainly."""
        raise AssertionError("trouble")

    def check(self) -> NoReturn:
        """Fail deeply."""
        raise RecursionError("trouble")
