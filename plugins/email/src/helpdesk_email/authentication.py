"""Owns what is known of whether a mail comes from whom it says: the findings of our own mail server, and the name.

Our server writes what it found (SPF, DKIM, DMARC) into ``Authentication-Results`` (RFC 8601), under a name of its own.
Fields under any other name were written by strangers. So were those further down than two ``Received``: whatever
a server adds stands above what it was given. A server that lets strangers' fields of its own name in is
misconfigured; then the first field that tells of a method counts, and a field below says nothing more of it.

A field repeats what the sender has written: a local part in quotes may hold whatever it likes, and comments repeat it
too. What speaks for the sender counts only if it is found both when quotes are read first and when comments are.
"""

import re
from dataclasses import dataclass

from helpdesk.sdk.channel import SenderProof
from helpdesk_email.addresses import Mailbox
from helpdesk_email.headers import Headers
from helpdesk_email.lookalikes import disguise
from helpdesk_email.settings import EmailSettings

MOST_RECEIVED_ABOVE = 2
MOST_FIELDS = 20
LONGEST_FIELD = 4_096

_COMMENT = re.compile(r"\([^()]*\)")
_FINDING = re.compile(r"\s*(spf|dkim|dmarc)\s*=\s*([a-z]{1,20})\b(.*)", re.IGNORECASE | re.DOTALL)
_WHOSE = re.compile(r"(?<!\S)(?:header\.(?:d|i|from)|smtp\.(?:mailfrom|helo))\s*=\s*([^\s;]*)", re.IGNORECASE)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"(?P<value>(?=\s*(?:;|\s\w|$)))?|\\?$)', re.DOTALL)
_SPECIAL = re.compile(r"[;()=\\\s]")
_ADDRESS_IN_NAME = re.compile(r"[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63})+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one method found, and of which domain: ``pass``, ``fail``, ``none``, ``softfail``, ``temperror`` …"""

    method: str
    result: str
    domain: str


@dataclass(frozen=True, slots=True)
class Authenticity:
    """Whether the sender is proven, what says so, and why a person should look first, if so."""

    proof: SenderProof = SenderProof.NONE
    details: str = ""
    suspicion: str = ""


def authenticity(headers: Headers, *, sender: Mailbox, settings: EmailSettings) -> Authenticity:
    """Return what is known of the sender."""
    found = _findings(headers, settings.authserv_id, sender.domain) if settings.authserv_id else []
    proof = _proof(found, sender.domain)
    details = " ".join(f"{one.method}={one.result}" for one in found)
    if proof is SenderProof.FAILED:
        return Authenticity(proof, details, f"It does not come from {sender.address}, our mail server says: {details}.")
    return Authenticity(proof, details, appearance(sender, settings=settings))


def appearance(sender: Mailbox, *, settings: EmailSettings) -> str:
    """Return why the sender's name or address looks like a pretence; empty if it does not."""
    return _pretence(sender) or disguise(sender, own=settings.address)


def _findings(headers: Headers, authserv_id: str, domain: str) -> list[Finding]:
    """Return what our own server wrote down of each method, in the first of its fields that tells of it."""
    found: dict[str, Finding] = {}
    above = fields = 0
    for name, value in headers.fields:
        above += name == "received"
        if above > MOST_RECEIVED_ABOVE or fields >= MOST_FIELDS:
            break
        if name != "authentication-results":
            continue
        fields += 1
        text = value[:LONGEST_FIELD].decode("latin-1")
        whole = text.rpartition(";")[0] if len(value) > LONGEST_FIELD else text
        for method, one in _first_of_each(_said(whole, authserv_id), domain).items():
            found.setdefault(method, one)
    return list(found.values())


def _first_of_each(said: list[Finding], domain: str) -> dict[str, Finding]:
    """Return the first finding of each method; of several signatures, one that holds, best one of the domain."""
    found: dict[str, Finding] = {}
    for one in said:
        known = found.setdefault(one.method, one)
        if one.method == "dkim" and _worth(one, domain) > _worth(known, domain):
            found["dkim"] = one
    return found


def _worth(signature: Finding, domain: str) -> int:
    return (signature.result == "pass") + _speaks_for(signature, domain)


def _said(text: str, authserv_id: str) -> list[Finding]:
    """Return what a field says; of what can be read in two ways, only what does not speak for the sender."""
    readings = []
    for reading in (_without_comments(_without_quotes(text)), _without_quotes(_without_comments(text))):
        server, *rest = reading.split(";")
        is_ours = (server.split() or [""])[0].lower() == authserv_id.lower()
        readings.append([one for part in rest if is_ours and (one := _finding(part)) is not None])
    first, second = readings
    return [one for one in [*first, *second] if one.result != "pass" or (one in first and one in second)]


def _finding(part: str) -> Finding | None:
    match = _FINDING.match(part)
    if match is None:
        return None
    whose = _WHOSE.search(match[3])
    domain = whose[1].rpartition("@")[2].lower().rstrip(".") if whose else ""
    return Finding(match[1].lower(), match[2].lower(), domain)


def _proof(found: list[Finding], domain: str) -> SenderProof:
    """Return what the findings prove of a sender of the domain. DMARC has the last word where it was asked."""
    results = {one.method: one for one in found}
    dmarc = results.get("dmarc")
    if dmarc is not None and dmarc.result == "pass" and dmarc.domain in {"", domain.lower()}:
        return SenderProof.PASSED
    if dmarc is not None and dmarc.result == "fail":
        return SenderProof.FAILED
    if any(one.method != "dmarc" and _speaks_for(one, domain) for one in found):
        return SenderProof.PASSED
    spf, dkim = results.get("spf"), results.get("dkim")
    has_failed = spf is not None and spf.result == "fail" and (dkim is None or dkim.result != "pass")
    return SenderProof.FAILED if has_failed else SenderProof.NONE


def _speaks_for(one: Finding, domain: str) -> bool:
    return one.result == "pass" and _is_of(one.domain, domain)


def _is_of(found: str, domain: str) -> bool:
    """Return whether one domain is the other, or a part of it: a.shop.example and shop.example speak for each other."""
    one, other = found.lower(), domain.lower()
    return "." in one and "." in other and (one == other or one.endswith(f".{other}") or other.endswith(f".{one}"))


def _pretence(sender: Mailbox) -> str:
    """Return why the sender's name looks like a pretence, if so: it is the address of somebody elsewhere."""
    named = _ADDRESS_IN_NAME.search(sender.name[:500])
    if named is None or _is_of(named[1], sender.domain) or not sender.address:
        return ""
    return f"Its sender calls themselves {named[0]}, and writes from {sender.address}."


def _without_comments(text: str) -> str:
    """Return the text without comments, a few levels deep; what is deeper nested than that stays, and says nothing."""
    for _level in range(5):
        text, count = _COMMENT.subn(" ", text)
        if not count:
            break
    return text


def _without_quotes(text: str) -> str:
    """Return the text without quotes: a value in them keeps its words, half a value, such as a local part, does not."""
    return _QUOTED.sub(lambda match: "_" if match["value"] is None else _SPECIAL.sub("_", match[1]), text)
