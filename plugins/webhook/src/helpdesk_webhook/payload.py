"""Owns the JSON of a message, both ways. Reading refuses, in a sentence, whatever is not exactly a message.

In:  ``{"id"?, "from": {"kind"?, "value", "name"?}, "text", "subject"?, "html"?, "answers"?, "sent_at"?,
"files"?: [{"filename", "content_type", "data"}]}`` with ``data`` in base64. Out: the same words, with
``"type": "message"`` and ``to`` instead of ``from``. Names that are not known are passed over, so that
either side may add some; a name that stands twice is refused, since readers differ on which one counts.
"""

import base64
import json
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, ValidationError

from helpdesk.sdk.channel import File, Identity, Inbound, Outbound, Refused


def _decoded(given: object) -> bytes:
    if not isinstance(given, str):
        raise ValueError("give base64 in a text")
    return base64.b64decode(given.encode(), validate=True)


class _Person(BaseModel):
    kind: str = Field("user_key", pattern=r"^[a-z][a-z0-9_]{0,31}$")
    value: str = Field(min_length=1, max_length=254)
    name: str = ""


class _File(BaseModel):
    filename: str
    content_type: str = "application/octet-stream"
    data: Annotated[bytes, BeforeValidator(_decoded)]


class _Message(BaseModel):
    id: str = ""
    sender: _Person = Field(alias="from")
    text: str
    subject: str = ""
    html: str | None = None
    files: tuple[_File, ...] = ()
    answers: tuple[str, ...] = ()
    sent_at: AwareDatetime | None = None


def read(body: bytes, *, webhook_id: str) -> Inbound:
    """Return the message of a body; its own id counts, or else the webhook-id. Raises Refused."""
    try:
        message = _Message.model_validate(json.loads(body.decode(), object_pairs_hook=_unique))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the body"
        raise Refused(f"This is no message: {where}: {first['msg']}.") from None
    except (ValueError, RecursionError) as error:
        raise Refused(f"The body is not JSON in UTF-8: {error}.") from None
    return Inbound(
        external_id=message.id or webhook_id,
        sender=Identity(message.sender.kind, message.sender.value, message.sender.name),
        text=message.text,
        subject=message.subject,
        html=message.html,
        files=tuple(File(one.filename, one.content_type, one.data) for one in message.files),
        answers=message.answers,
        sent_at=message.sent_at,
    )


def written(message: Outbound, external_id: str) -> bytes:
    """Return the body that carries a message out."""
    content = {
        "type": "message",
        "id": external_id,
        "to": [_person(one) for one in message.recipients],
        "ticket_number": message.ticket_number,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "files": [_file(one) for one in message.files],
        "answers": message.answers,
        "language": message.language,
        "agent_name": message.agent_name,
        "is_automatic": message.is_automatic,
    }
    return json.dumps(content, ensure_ascii=False).encode()


def _person(identity: Identity) -> dict[str, str]:
    return {"kind": identity.kind, "value": identity.value, "name": identity.name}


def _file(file: File) -> dict[str, str]:
    data = base64.b64encode(file.data).decode()
    return {"filename": file.filename, "content_type": file.content_type, "data": data}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found
