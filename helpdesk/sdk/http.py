"""The way out: what a plugin calls the outside with. The core supplies it as ``self.http`` or ``host.http``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from helpdesk.sdk.errors import Retry


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What an outside system answered, whatever the status. Header names are lower case; the body is unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body read as JSON. Raises Retry when it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise Retry(f"The answer (status {self.status}) is not JSON.") from error


class Http(Protocol):
    """The way out: calls end within 20 seconds and reach the open internet only.

    An operator opens private networks with ``HELPDESK_OUTGOING_ALLOW``. Neither cookies nor
    connections are kept between two calls.
    """

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
        max_bytes: int = 1_048_576,
    ) -> HttpResponse:
        """Call, and return the answer of whatever status; a redirect is an answer too, and is not followed.

        Raises Retry when no whole answer came in time (the call may have had its effect all the
        same), and Refused for an address or a header that may not be used and for an answer
        larger than ``max_bytes``. Let both pass: the core knows what to do.
        """
