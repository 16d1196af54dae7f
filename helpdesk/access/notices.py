"""Writes to members what they need to come in: in the service's language, by whatever carries mail.

The channels stand above this room, so wiring hands in what sends. An event that they react to lost: it would keep the
token readably in the event log.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from helpdesk.access.rules import TokenPurpose
from helpdesk.agents.queries import MemberRow
from helpdesk.organization.queries import service_by_id

_WORDS: Mapping[TokenPurpose, Mapping[str, tuple[str, str]]] = {
    TokenPurpose.INVITATION: {
        "en": (
            "You are invited to {service}",
            "Hello {name},\n\nyou are invited to work at {service}. Choose your password here within 24 hours:\n\n"
            "{link}\n\nThe link works once. If you did not expect this mail, leave it alone: nothing will happen.\n",
        ),
        "ko": (
            "{service}에 초대합니다",
            "{name}님, 안녕하세요.\n\n{service}의 멤버로 초대받으셨습니다. 24시간 안에 아래 링크에서 비밀번호를"
            " 설정해 주세요.\n\n{link}\n\n링크는 한 번만 쓸 수 있습니다. 예상하지 못한 메일이라면 그대로 두셔도"
            " 됩니다. 아무 일도 일어나지 않습니다.\n",
        ),
    },
    TokenPurpose.RESET: {
        "en": (
            "A new password for {service}",
            "Hello {name},\n\nsomebody has asked for a new password for your account at {service}. Choose it here"
            " within 24 hours:\n\n{link}\n\nThe link works once. If it was not you, leave this mail alone: your"
            " password stays as it is.\n",
        ),
        "ko": (
            "{service} 비밀번호 재설정",
            "{name}님, 안녕하세요.\n\n{service} 계정의 비밀번호 재설정이 요청되었습니다. 24시간 안에 아래 링크에서"
            " 새 비밀번호를 설정해 주세요.\n\n{link}\n\n링크는 한 번만 쓸 수 있습니다. 직접 요청하지 않으셨다면 이"
            " 메일을 그대로 두세요. 비밀번호는 바뀌지 않습니다.\n",
        ),
    },
}
PATHS = {TokenPurpose.INVITATION: "invitation", TokenPurpose.RESET: "password"}


class Send(Protocol):
    """What writes a notice into the outbox; false where the service has no mail account."""

    def __call__(
        self, service_id: int, *, email: str, name: str, subject: str, text: str, language: str
    ) -> bool: ...  # fmt: skip


class _Post:
    """What carries notices, and what makes links, set once when the application is made."""

    def __init__(self) -> None:
        self.send: Send | None = None
        self.address: Callable[[str, str], str] | None = None


_post = _Post()


def use(send: Send, *, address: Callable[[str, str], str]) -> None:
    """Set what sends notices, and what gives the public URL of a path of a service by its id in URLs."""
    _post.send, _post.address = send, address


def link(service_id: int, token: str, purpose: TokenPurpose) -> str:
    """Return the link by which the token is used, built from the desk's base URL alone.

    The token stands behind the ``#``, which browsers tell no server and no log.
    """
    assert _post.address is not None, "wiring sets it"
    return f"{_post.address(_service(service_id).slug, PATHS[purpose])}#{token}"


def send(service_id: int, member: MemberRow, token: str, purpose: TokenPurpose) -> bool:
    """Write the token to the member. False, sending nothing, where the service has no mail account."""
    assert _post.send is not None, "wiring sets it"
    service = _service(service_id)
    language = "ko" if service.default_language.partition("-")[0] == "ko" else "en"
    subject, text = _WORDS[purpose][language]
    link_to = link(service_id, token, purpose)
    words = {"service": service.names[service.default_language], "name": member.name, "link": link_to}
    return _post.send(
        service_id, email=member.email, name=member.name, subject=subject.format(**words), text=text.format(**words),
        language=language,
    )  # fmt: skip


def _service(service_id: int) -> Any:
    service = service_by_id(service_id)
    assert service is not None, "who asks has come by it"
    return service
