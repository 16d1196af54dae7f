"""What plugins keep about a customer: fetched and erased, from each plugin whatever becomes of the others."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from helpdesk.customers import queries as customers
from helpdesk.hosting import calls, facts
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.errors import NotFound
from helpdesk.plugins import guard, registry
from helpdesk.plugins.guard import WrongAnswer
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.errors import Refused
from helpdesk.sdk.facts import CustomerFacts
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import Plugin

log = logging.getLogger(__name__)

SECONDS = 60.0
LARGEST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answered:
    """What a plugin answered: its data, or in one sentence why it did not do its duty."""

    data: Any = None
    failure: str = ""


def export(actor: Actor, customer_id: int) -> dict[str, Answered]:
    """Return what each plugin keeps about the customer, by the plugin's name. Raises NotFound."""
    actor.require("customer.export")
    return _ask_all(actor, customer_id, "export", _export)


def erase(actor: Actor, customer_id: int) -> dict[str, Answered]:
    """Have each plugin forget the customer, and return by its name what came of it. Raises NotFound.

    One that failed may be asked again: erasing twice is fine.
    """
    actor.require("customer.erase")
    answers = _ask_all(actor, customer_id, "erase", _erase)
    for name, answered in answers.items():
        extra = {"plugin": name, "customer_id": customer_id, "actor": str(actor.kind), "actor_id": actor.id}
        if answered.failure:
            log.error("plugin could not erase a customer", extra={**extra, "reason": answered.failure})
        else:
            log.info("plugin erased a customer", extra=extra)
    return answers


def _ask_all(
    actor: Actor, customer_id: int, hook: str, ask: Callable[[CustomerFacts, Plugin, Host], Any]
) -> dict[str, Answered]:
    row = customers.customers_by_ids([customer_id])[0]
    if row is None or row.service_id != actor.service_id:
        raise NotFound("There is no such customer.", path=("customerId",))
    (customer,) = facts.of_customers([row])
    plugins: dict[str, type[Plugin]] = registry.named(Kind.PLUGIN, service_id=actor.service_id)
    keepers = sorted(name for name, plugin in plugins.items() if plugin.keeps_personal_data)
    return {name: _ask(name, hook, actor.service_id, partial(ask, customer)) for name in keepers}


def _ask(name: str, hook: str, service_id: int, ask: Callable[[Plugin, Host], Any]) -> Answered:
    try:
        return Answered(calls.call(name, hook, service_id, ask, seconds=SECONDS))
    except Exception as error:  # the others are asked all the same
        return Answered(failure=str(error) or type(error).__name__)


def _export(customer: CustomerFacts, plugin: Plugin, host: Host) -> Any:
    data = guard.expect(plugin.export(host, customer), Mapping)
    try:
        written = orjson.dumps(dict(data))
    except (TypeError, ValueError) as error:
        raise WrongAnswer(f"what it exports is no JSON: {error}") from error
    if len(written) > LARGEST_BYTES:
        raise Refused(f"What it keeps is more than {LARGEST_BYTES} bytes; export it by the plugin's own means.")
    return orjson.loads(written)


def _erase(customer: CustomerFacts, plugin: Plugin, host: Host) -> None:
    plugin.erase(host, customer)
