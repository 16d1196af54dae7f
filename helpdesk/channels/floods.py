"""Keeps machines from writing too much: so many automatic mails at most go to one address within a window.

It is the last line of defence: against two machines that answer each other and do not say that they are machines,
and against whoever has the desk write to somebody else a thousand times (Source: SECURITY B5, B6). What is over is
kept and not sent; an agent may send it all the same.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import peewee

from helpdesk.channels import accounts
from helpdesk.channels.models import AutomaticSending
from helpdesk.customers.rules import EMAIL
from helpdesk.kernel import clock
from helpdesk.kernel.crypto import keyring
from helpdesk.kernel.settings import Settings
from helpdesk.sdk.channel import Identity

_NUMBER_OR_SPACE = re.compile(r"[\[(【][^\])】]{0,30}[0-9][\])】]|#[0-9]+|\s")  # of a ticket, here or at another desk
_ANSWER = re.compile(r"^(?:(?:re|fwd?|답장|회신|전달)[:：])+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many automatic mails one address gets in a window, and how many of them with the same subject."""

    window: timedelta = timedelta(minutes=180)
    most: int = 10
    most_alike: int = 2


class _Chosen:
    """The limits of this desk, set once when the application is made."""

    def __init__(self) -> None:
        self.limits = Limits()


_chosen = _Chosen()


def use(settings: Settings) -> None:
    """Set the limits of this desk."""
    window = timedelta(minutes=settings.automatic_window_minutes)
    _chosen.limits = Limits(window, settings.automatic_most, settings.automatic_most_alike)


def refusal(account: Any, to: Identity, subject: str) -> str:
    """Count an automatic message that is to go to somebody; return why it may not go, empty if it may.

    Only mail is counted. Holds the account until the transaction ends, so that two never count at once.
    """
    if to.kind != EMAIL:
        return ""
    limits, now = _chosen.limits, clock.now()
    accounts.hold(account.id)
    address, alike = _hash(to.value.casefold()), _hash(plain_subject(subject))
    sent, sent_alike = _counted(account.service_id, address, alike, limits)
    if sent >= limits.most:
        return _told(f"automatic mail {sent} times", limits)
    if sent_alike >= limits.most_alike:
        return _told(f"automatic mail with this subject {sent_alike} times", limits)
    AutomaticSending.insert(service=account.service_id, address=address, subject=alike, at=now).execute()
    return ""


def forget() -> None:
    """Drop what no window reaches any more."""
    AutomaticSending.delete().where(AutomaticSending.at <= clock.now() - _chosen.limits.window).execute()


def plain_subject(subject: str) -> str:
    """Return what two subjects have in common that belong to one exchange: no marks of answers, no ticket numbers."""
    return _ANSWER.sub("", _NUMBER_OR_SPACE.sub("", subject)).casefold()


def _counted(service_id: int, address: str, alike: str, limits: Limits) -> tuple[int, int]:
    """Return how many went to the address within the window, and how many of them with the subject."""
    same = peewee.fn.SUM(peewee.Case(None, [(AutomaticSending.subject == alike, 1)], 0))
    query: Any = AutomaticSending.select(peewee.fn.COUNT(AutomaticSending.id), same).where(
        AutomaticSending.service == service_id,
        AutomaticSending.address == address,
        AutomaticSending.at > clock.now() - limits.window,
    )
    ((sent, sent_alike),) = query.tuples()
    return int(sent), int(sent_alike or 0)


def _told(what: str, limits: Limits) -> str:
    minutes = int(limits.window.total_seconds() // 60)
    return f"Not sent: this address got {what} within {minutes} minutes; try it again to send it all the same."


def _hash(text: str) -> str:
    return hmac.digest(keyring().secret_for("floods"), text.encode(errors="replace"), hashlib.sha256).hex()
