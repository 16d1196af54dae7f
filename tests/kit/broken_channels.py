"""Echo channels with one fault each; the key is the rule that the fault breaks."""

import logging
import secrets
import socket
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field

from helpdesk.sdk.channel import (
    Channel,
    Inbound,
    InboundRequest,
    Outbound,
    Refused,
    Retry,
    Sent,
    WindowClosed,
)
from tests.kit.echo import Echo, EchoSettings
from tests.kit.jealous import require_alone


class WrongApi(Echo):
    api = 0


class Unfinished(Echo):
    """Is an abstract class still."""

    @abstractmethod
    def invent(self) -> None: ...


class NoTitle(Echo):
    title: ClassVar = {"ko": "에코"}


class Undescribed(Echo):
    class Settings(EchoSettings):
        colour: str = "red"


class BareSecret(Echo):
    class Settings(EchoSettings):
        api_key: str = Field("", description="The key.")


class Replaying(Echo):
    """Makes up an id of its own for each call."""

    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        return [replace(one, external_id=secrets.token_hex(8)) for one in super().receive(request)]


class Trusting(Echo):
    """Lets anything that json raises pass as it is."""

    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        try:
            return super().receive(request)
        except Refused as error:
            raise ValueError(str(error)) from error


class Talkative(Echo):
    """Wants a text."""

    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        found = list(super().receive(request))
        if not found[0].text:
            raise Refused("There is no text.")
        return found


class Cutting(Echo):
    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        return [replace(one, text=one.text[:4096]) for one in super().receive(request)]


class Latin(Echo):
    """Reads the body in an old encoding."""

    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        return [
            replace(one, text=one.text.encode("cp949", "replace").decode("cp949")) for one in super().receive(request)
        ]


class Nameless(Echo):
    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        return [
            replace(one, sender=replace(one.sender, name=one.sender.name.encode("ascii", "ignore").decode()))
            for one in super().receive(request)
        ]


class LatinOut(Echo):
    def send(self, message: Outbound) -> Sent:
        return super().send(replace(message, text=message.text.encode("cp949", "ignore").decode("cp949")))


class TextFilesIn(Echo):
    """Takes every file for a text."""

    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        for one in super().receive(request):
            files = [replace(file, data=file.data.replace(b"\r\n", b"\n")) for file in one.files]
            yield replace(one, files=tuple(files))


class TextFilesOut(Echo):
    def send(self, message: Outbound) -> Sent:
        files = [replace(file, data=file.data.rstrip(b"\x00")) for file in message.files]
        return super().send(replace(message, files=tuple(files)))


class GivingUp(Echo):
    def send(self, message: Outbound) -> Sent:
        try:
            return super().send(message)
        except Retry as error:
            raise Refused(str(error)) from error


class Stubborn(Echo):
    """Tries again what was refused."""

    def send(self, message: Outbound) -> Sent:
        try:
            return super().send(message)
        except Refused as error:
            raise Retry(str(error)) from error


class Silent(Echo):
    def send(self, message: Outbound) -> Sent:
        try:
            return super().send(message)
        except Refused:
            raise Refused("") from None


class Windowless(Echo):
    def send(self, message: Outbound) -> Sent:
        try:
            return super().send(message)
        except WindowClosed as error:
            raise Refused(str(error)) from error


class Unordered(Echo):
    """Sends the second message first."""

    kept: ClassVar[list[Outbound]] = []

    def send(self, message: Outbound) -> Sent:
        if message.text.endswith("1."):
            self.kept[:] = [message]
            return Sent()
        sent = super().send(message)
        if self.kept and message.text.endswith("2."):
            super().send(self.kept.pop())
        return sent


class Doubtful(Echo):
    def check(self) -> None:
        raise Refused("Who knows?")


class Gullible(Echo):
    """Believes any request that is signed somehow."""

    def verify(self, request: InboundRequest) -> None:
        return None


class Halfhearted(Echo):
    """Believes whoever has a signature, whatever it signs."""

    def verify(self, request: InboundRequest) -> None:
        super().verify(replace(request, body=request.body.rstrip(b" ")))


class Loud(Echo):
    def send(self, message: Outbound) -> Sent:
        logging.getLogger(__name__).debug("sending with %s", self.settings.token.get_secret_value())
        return super().send(message)


class Leaking(Echo):
    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        return [
            replace(one, subject=f"{one.text} {self.settings.token.get_secret_value()}")
            for one in super().receive(request)
        ]


class Straying(Echo):
    def check(self) -> None:
        try:
            socket.create_connection(("203.0.113.7", 80), timeout=1).close()
        except OSError:
            return


class Jealous(Echo):
    """Does not work beside others."""

    def send(self, message: Outbound) -> Sent:
        require_alone()
        return super().send(message)


class Mute(Echo):
    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        return [
            replace(one, text="") if one.text.startswith("Where") and not one.files else one
            for one in super().receive(request)
        ]


class Garbled(Echo):
    """Answers what is no message."""

    def receive(self, request: InboundRequest) -> Any:
        return ["garbage", *super().receive(request)]


BROKEN: dict[str, tuple[type[Channel], ...]] = {
    "SDK-ACCEPTED": (Unfinished,),
    "SDK-API": (WrongApi,),
    "SDK-TITLE": (NoTitle,),
    "SDK-SETTINGS": (Undescribed,),
    "SDK-SECRETS": (BareSecret,),
    "CH-RECEIVE": (Mute,),
    "CH-REPLAY": (Replaying,),
    "CH-GARBAGE": (Trusting,),
    "CH-EMPTY": (Talkative,),
    "CH-HUGE": (Cutting,),
    "CH-TEXT-IN": (Latin, Nameless),
    "CH-TEXT-OUT": (LatinOut,),
    "CH-FILES-IN": (TextFilesIn,),
    "CH-FILES-OUT": (TextFilesOut,),
    "CH-RETRY": (GivingUp,),
    "CH-REFUSED": (Stubborn, Silent),
    "CH-WINDOW": (Windowless,),
    "CH-ORDER": (Unordered,),
    "CH-CHECK": (Doubtful,),
    "CH-FORGED": (Gullible, Halfhearted),
    "CH-SECRET-LOG": (Loud,),
    "CH-SECRET-ROW": (Leaking,),
    "CH-NETWORK": (Straying,),
    "CH-BESIDE": (Jealous,),
}
