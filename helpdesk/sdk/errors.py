"""What a plugin may say went wrong. Whatever else it raises is a fault of its own: contained, counted and shown.

``Retry``, ``Refused``, ``WindowClosed`` and ``AccountRefused`` are the plugin's verdicts on the outside world;
``Unverified`` turns a caller away; ``Denied`` is what the desk says to a plugin that asks for what it may not have.
"""


class Retry(Exception):
    """It failed for now. ``after_seconds`` is the provider's own wish, if it told one."""

    def __init__(self, reason: str, *, after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.after_seconds = after_seconds


class AccountRefused(Retry):
    """The provider lets the account in no more: its log-in is refused, and not this one message.

    The account rests, what is to go out waits and uses up no try, and people see the words. It is tried again when
    its settings change, and by itself ever more seldom. ``must_reconnect`` says that only a person can mend it,
    by granting access anew (OAuth's ``invalid_grant``).
    """

    def __init__(self, reason: str, *, must_reconnect: bool = False) -> None:
        super().__init__(reason)
        self.must_reconnect = must_reconnect


class Refused(Exception):
    """It failed for good: the same again would be refused again.

    From ``receive``: these bytes cannot be read; they are set aside at once, and kept. From ``send``, one that
    ``is_permanent`` says that the address of everybody whom the message was still to reach is no good.
    """

    def __init__(self, *reason: object, is_permanent: bool = False) -> None:
        super().__init__(*reason)
        self.is_permanent = is_permanent


class WindowClosed(Exception):
    """The provider lets nobody write to this customer now (a closed session); an agent must choose another way."""


class Unverified(Exception):
    """The inbound request does not carry the proof that the provider sent it; answered with 401, nothing kept."""


class Denied(Exception):
    """The desk refuses what a plugin asked of its ``Host``.

    ``code`` is stable: FORBIDDEN (a right is missing from the plugin's ``rights``), NOT_FOUND, INVALID,
    CONFLICT or LIMIT_EXCEEDED; the text is a sentence that says what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
