"""The way out of a desk under test: the same checks as the real one's, and the test's provider at its end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from helpdesk.kernel import http
from helpdesk.kernel.errors import LimitExceeded, Unavailable
from helpdesk.kernel.http import OutgoingClient, Response
from helpdesk.sdk.errors import Retry
from helpdesk.sdk.http import HttpResponse
from helpdesk.sdk.testing.kit import HttpCall, Provider


@dataclass(frozen=True)
class ProvidedClient(OutgoingClient):
    """A client whose calls are answered by a provider and kept."""

    made: list[tuple[HttpCall, HttpResponse | None]] = field(default_factory=list)
    providers: list[Provider] = field(default_factory=list)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
        max_bytes: int = 1_048_576,
    ) -> Response:
        """Answer by the latest provider. Raises what the real client raises, Unavailable without a provider too."""
        request = http.prepare(method, url, headers=headers, content=content, json=json)
        named = {name.lower(): text for name, text in request.headers.items()}
        call = HttpCall(method, str(request.url), named, request.read())
        try:
            if not self.providers:
                raise Retry("Nothing answers here; give the kit a provider.")
            answer = self.providers[-1](call)
        except Retry as error:
            self.made.append((call, None))
            raise Unavailable(str(error), code="OUTGOING_FAILED") from error
        self.made.append((call, answer))
        if len(answer.body) > max_bytes:
            raise LimitExceeded(f"The answer is larger than {max_bytes} bytes.", code="OUTGOING_TOO_LARGE")
        return Response(answer.status, {name.lower(): text for name, text in answer.headers.items()}, answer.body)
