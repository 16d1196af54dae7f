"""How the desk says no to a plugin: the one place where its errors become those of the SDK."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from helpdesk.kernel import db
from helpdesk.kernel.errors import (
    Conflict,
    Forbidden,
    HelpdeskError,
    Invalid,
    LimitExceeded,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from helpdesk.kernel.fences import unfenced
from helpdesk.sdk.errors import Denied

Method = TypeVar("Method", bound=Callable[..., Any])

CODES: Mapping[type[HelpdeskError], str] = {
    Forbidden: "FORBIDDEN",
    Unauthenticated: "FORBIDDEN",
    NotFound: "NOT_FOUND",
    Invalid: "INVALID",
    Conflict: "CONFLICT",
    LimitExceeded: "LIMIT_EXCEEDED",
}
"""What each refusal is to a plugin. Unavailable is none: the same may succeed later, so it passes as it is."""


def denial(error: HelpdeskError) -> Denied:
    """Return what a plugin is told of a refusal."""
    code = next((code for kind, code in CODES.items() if isinstance(error, kind)), "INVALID")
    return Denied(code, error.message)


def desk_work(method: Method) -> Method:
    """Make a method of the Host the desk's own work: on a connection, past the plugin's fence, its refusals Denied."""

    @functools.wraps(method)
    def work(*args: Any, **kwargs: Any) -> Any:
        try:
            with unfenced(), db.connection():
                return method(*args, **kwargs)
        except Unavailable:
            raise
        except HelpdeskError as error:
            raise denial(error) from error

    return cast("Method", work)
