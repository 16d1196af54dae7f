"""The one tree of expected errors: rooms raise them, the floors above translate them.

Each class has a stable ``code`` that clients may branch on; the message is a sentence
for a person that says what to do. Anything else that is raised is a bug and is masked.
"""


class HelpdeskError(Exception):
    """An expected refusal.

    ``path`` names the input that is wrong, outermost first, as in ``("customer", "email")``.
    """

    code = "ERROR"

    def __init__(self, message: str, *, code: str | None = None, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        if code is not None:
            self.code = code


class Invalid(HelpdeskError):
    """The input cannot be taken as it is."""

    code = "INVALID"


class NotFound(HelpdeskError):
    """There is no such thing, or none that the actor may know of: the answer is the same."""

    code = "NOT_FOUND"


class Conflict(HelpdeskError):
    """The thing has changed meanwhile, or its state forbids the change."""

    code = "CONFLICT"


class Unauthenticated(HelpdeskError):
    """Nobody is known to be asking."""

    code = "UNAUTHENTICATED"


class Forbidden(HelpdeskError):
    """The actor is known and lacks the right."""

    code = "FORBIDDEN"


class LimitExceeded(HelpdeskError):
    """The request is larger, deeper or more frequent than is allowed.

    One that was too frequent knows after how many seconds it would be taken.
    """

    code = "LIMIT_EXCEEDED"

    def __init__(
        self, message: str, *, code: str | None = None, path: tuple[str, ...] = (), after_seconds: int | None = None
    ) -> None:
        super().__init__(message, code=code, path=path)
        self.after_seconds = after_seconds


class Unavailable(HelpdeskError):
    """A part that is needed does not answer now; the same request may succeed later."""

    code = "UNAVAILABLE"


def said(error: BaseException) -> str:
    """Return the error's kind and what it says, its kind alone when it cannot even say that."""
    try:
        return f"{type(error).__name__}: {error}".removesuffix(": ")
    except BaseException:  # an error of a plugin's own may fail at this too
        return type(error).__name__
