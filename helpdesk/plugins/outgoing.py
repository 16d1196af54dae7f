"""What a plugin has as ``http``: the client of this process, whose errors it meets as those of the SDK.

Plugins know no others, and a provider that is away is no trouble of the desk's own, so it uses up a try.
"""

from collections.abc import Mapping
from typing import Any

from helpdesk.kernel import http
from helpdesk.kernel.errors import Invalid, LimitExceeded, Unavailable
from helpdesk.sdk.errors import Refused, Retry
from helpdesk.sdk.http import HttpResponse


class Outgoing:
    """The way out of a plugin."""

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
        """Call by the client of this process, whichever it is by now: instances are kept."""
        try:
            answer = http.client().request(
                method, url, headers=headers, content=content, json=json, max_bytes=max_bytes
            )
        except Unavailable as error:
            raise Retry(error.message) from error
        except (Invalid, LimitExceeded) as error:
            raise Refused(error.message) from error
        return HttpResponse(answer.status, answer.headers, answer.body)
