"""What a whole plugin owes: what its class and its files say (``declared.py``), hooks that do what is due on a desk,
pages and slots that are seen, and personal data that it can show and forget.

::

    class TestVisits(PluginContract):
        plugin = Visits
        name = "visits"
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from unittest import SkipTest

from helpdesk.sdk.facts import CustomerFacts
from helpdesk.sdk.host import Host
from helpdesk.sdk.http import HttpResponse
from helpdesk.sdk.plugin import Hook, HookKind
from helpdesk.sdk.testing.contract import LANGUAGES, secrets_of
from helpdesk.sdk.testing.declared import DeclaredPlugin
from helpdesk.sdk.testing.kit import HttpCall, Kit
from helpdesk.sdk.testing.rules import Broken, ensure, rule
from helpdesk.sdk.web import WebRequest

THEME = "default"
HEAD = "head"
DUE = (HookKind.RECEIVER, HookKind.SUBSCRIBER, HookKind.JOB, HookKind.PERIODIC)


class PluginContract(DeclaredPlugin):
    """The rules of one whole plugin."""

    service_settings: ClassVar[Mapping[str, Any]] = {}
    """What a service tells the plugin in the tests, beside the ``settings`` of the installation."""

    jobs: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Data for jobs that nothing leaves on a usual day, by their names."""

    webhooks: ClassVar[Mapping[str, WebRequest]] = {}
    """A request for each webhook, by its path, with what proves that the provider sent it."""

    arguments: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """What its fields of GraphQL are asked with where they need arguments: JSON values by the method's name."""

    def arrange(self, kit: Kit) -> None:
        """Start what the plugin needs outside; ``kit.allow(host, port)`` opens the way to it."""

    def answer(self, call: HttpCall) -> HttpResponse:
        """Return what the outside answers to a call by ``host.http``: 200 unless told."""
        return HttpResponse(200, {"content-type": "application/json"}, b"{}")

    def something_to_show(self, host: Host) -> None:
        """Let there be something for the slots to show; for a plugin whose slots are empty at first."""

    def personal_data(self, host: Host, customer: CustomerFacts) -> None:
        """Let the plugin store something about the customer; for one that keeps personal data."""
        raise NotImplementedError("write personal_data(self, host, customer) in the test class")

    @rule("PL-LIVES", fix="Mend the hook that is named; it was called by the desk, over tickets as they come.")
    def test_hooks_do_what_is_due(self, kit: Kit) -> None:
        """On a usual day receivers, subscribers, jobs and periodic hooks are called by the desk, and none fails."""
        if not self._of(*DUE):
            raise SkipTest("This plugin has none of these hooks.")
        self._begin(kit)
        self._require_a_day(kit)

    @rule("PL-PAGES", fix="Answer every request, whatever it lacks, with a WebAnswer: 404 for what there is not.")
    def test_pages_answer(self, kit: Kit) -> None:
        """Each page answers a bare request by each of its methods."""
        if not self._of(HookKind.PAGE):
            raise SkipTest("This plugin has no pages.")
        self._begin(kit)
        self._require_pages(kit)

    @rule("PL-WEBHOOKS", fix="Raise Unverified in verify unless the proof fits, and take what the provider sends.")
    def test_webhooks_take_what_the_provider_sends(self, kit: Kit) -> None:
        """What the provider sends to a webhook is taken and understood; without its proof it gets 401."""
        hooks = self._of(HookKind.WEBHOOK)
        if not hooks:
            raise SkipTest("This plugin has no webhooks.")
        self._begin(kit)
        for hook in hooks:
            request = self._request_for(hook)
            status = kit.web(self.called(), replace(request, headers={}, query={})).status
            ensure(status == 401, f"Without its proof, the request to {request.path} was answered with {status}.")
            status = kit.web(self.called(), request).status
            ensure(status == 200, f"The request to {request.path} was answered with {status}. {self._failures(kit)}")
        kit.work()
        names = tuple(f"{hook.name}:" for hook in hooks)
        failures = [one for one in kit.failures(self.kind, self.called()) if one.startswith(names)]
        ensure(not failures, f"It failed in {'; '.join(failures)}")

    @rule("PL-CHECK", fix="Let check() raise only when the settings do not work.")
    def test_check_passes_for_good_settings(self, kit: Kit) -> None:
        """The button “test” says yes while the outside answers."""
        self._begin(kit)
        wrong = kit.try_out(self.called())
        ensure(not wrong, f"check() says: {wrong}")

    @rule("PL-GRAPHQL", fix="Answer as the annotation says, and for every row that is handed over; see sdk.graphql.")
    def test_fields_of_graphql_are_answered(self, kit: Kit) -> None:
        """What the plugin adds to the API is answered as its annotations say, for several rows at once."""
        if not self._of(HookKind.QUERY, HookKind.MUTATION, HookKind.FIELD):
            raise SkipTest("This plugin adds nothing to the API.")
        self._begin(kit)
        for email in ("mina@shop.example", "jun@shop.example"):
            kit.ticket(email=email)
        kit.work()
        wrong = kit.ask(self.called(), self.value(), self.arguments)
        ensure(not wrong, f"{'; '.join(wrong)} {self._failures(kit)}")

    @rule("PL-SECRET-LOG", fix="Log no settings, no headers and no requests; host.log hides secrets by itself.")
    def test_no_secret_is_logged(self, kit: Kit) -> None:
        """No secret of the installation's settings, or of the service's, stands in any line of the log."""
        self._begin(kit)
        host = kit.host(self.called())
        secrets = secrets_of(host.settings) + secrets_of(host.service_settings)
        if not secrets:
            raise SkipTest("This plugin is told no secrets.")
        kit.live()
        for hook in self._of(HookKind.WEBHOOK):
            kit.web(self.called(), self._request_for(hook))
        for hook in self._of(HookKind.PAGE):
            kit.web(self.called(), WebRequest("GET", hook.facts["path"]))
        kit.work()
        found = [name for name, secret in secrets if secret in kit.logged()]
        ensure(not found, f"The log holds the secret of the setting {', '.join(found)}.")

    @rule("PL-SLOTS", fix="Return SlotContent with a template of the folder and plain values; see helpdesk.sdk.slots.")
    def test_slots_are_seen_in_pages(self, kit: Kit) -> None:
        """What the plugin shows in each slot is seen in a page of the help center, in Korean and in English."""
        if not self._of(HookKind.SLOT):
            raise SkipTest("This plugin fills no slots.")
        bare = self._pages(kit)
        self._begin(kit)
        self._require_slots(kit, bare)

    @rule("PL-ERASE", fix="Let export return all that is kept of the customer, and erase remove it, twice if asked.")
    def test_what_is_kept_of_a_customer_is_shown_and_forgotten(self, kit: Kit) -> None:
        """What the plugin has stored of a customer is exported; erased, it is gone, and nobody else's with it."""
        if not self.value().keeps_personal_data:
            raise SkipTest("This plugin keeps no personal data (keeps_personal_data).")
        self._begin(kit)
        kit.ticket(email="mina@shop.example")
        kit.ticket(email="jun@shop.example")
        kit.work()
        mina, jun = kit.customers()
        name = self.called()
        kit.erase(name, mina.id)
        blank = kit.export(name, mina.id)
        for customer in (mina, jun):
            self.personal_data(kit.host(name), customer)
        kept = kit.export(name, mina.id)
        ensure(kept != blank, "export returns the same before and after something was stored.")
        others = kit.export(name, jun.id)
        for _time in range(2):
            kit.erase(name, mina.id)
        ensure(kit.export(name, mina.id) == blank, "After erase, export still returns something of the customer.")
        ensure(kit.export(name, jun.id) == others, "Erasing one customer took another one's data.")

    @rule("PL-BESIDE", fix="Share no global state, names or signals with other plugins.")
    def test_works_beside_all_others(self, kit: Kit) -> None:
        """The plugin works beside every installed plugin, and beside ones that raise everywhere."""
        kit.crowd()
        bare = self._pages(kit)
        self._begin(kit)
        self._require_a_day(kit)
        self._require_pages(kit)
        self._require_slots(kit, bare)
        if self.value().keeps_personal_data:
            kit.export(self.called(), kit.customers()[-1].id)
            kit.erase(self.called(), kit.customers()[-1].id)

    def _put_in(self, kit: Kit) -> None:
        told = {"settings": self.settings_for(kit), "service_settings": self.service_settings}
        kit.install(self.kind, self.called(), self.value(), **told)

    def _begin(self, kit: Kit) -> None:
        self.arrange(kit)
        kit.provide(self.answer)
        self.install(kit)

    def _require_a_day(self, kit: Kit) -> None:
        host = kit.host(self.called())
        for job, data in self.jobs.items():
            host.enqueue(job, data)
        kit.live()
        self._require_no_failure(kit)
        idle = {hook.name for hook in self._of(HookKind.JOB)} - set(kit.called(self.kind, self.called()))
        ensure(not idle, f"No job {_listed(idle)} was left; name data for it by jobs = {{…}} in the test class.")

    def _require_pages(self, kit: Kit) -> None:
        for hook in self._of(HookKind.PAGE):
            for method in hook.facts["methods"]:
                status = kit.web(self.called(), WebRequest(method, hook.facts["path"])).status
                said = f"{method} {hook.facts['path']} was answered with {status}. {self._failures(kit)}"
                ensure(status < 500, said.strip())

    def _require_slots(self, kit: Kit, bare: Mapping[tuple[str, str], str]) -> None:
        self.something_to_show(kit.host(self.called()))
        for _try in range(2):  # a machine that is busy may let one pass its time
            lacking = self._unseen(bare, self._pages(kit))
            if not lacking:
                return
        raise Broken(f"What it shows is not seen: {'; '.join(lacking)}. {self._failures(kit)}".strip())

    def _unseen(self, bare: Mapping[tuple[str, str], str], shown: Mapping[tuple[str, str], str]) -> list[str]:
        """Return the slots, with page and language, in which the plugin is not seen as often as it should be."""
        wanted = [hook.facts["slot"] for hook in self._of(HookKind.SLOT)]
        found = []
        for slot in dict.fromkeys(wanted):
            for language in LANGUAGES:
                page = (_page_of(slot), language)
                seen = self._count(slot, bare[page], shown[page])
                if seen < (1 if slot == HEAD else wanted.count(slot)):
                    found.append(f"{slot} on the page {page[0]} in “{language}”")
        return found

    def _pages(self, kit: Kit) -> Mapping[tuple[str, str], str]:
        """Return the pages of the help center that the plugin shows something on, in each language."""
        pages = {_page_of(hook.facts["slot"]) for hook in self._of(HookKind.SLOT)}
        return {(page, one): kit.page(THEME, page, language=one) for page in pages for one in LANGUAGES}

    def _count(self, slot: str, before: str, after: str) -> int:
        """Return how often the plugin is seen in the slot; in ``head``, whether anything was added to it."""
        if slot == HEAD:
            return int(before.partition("</head>")[0] != after.partition("</head>")[0])
        return after.count(f'data-hd-slot="{self.called()}:{slot}"')

    def _request_for(self, hook: Hook) -> WebRequest:
        path = hook.facts["path"]
        if path not in self.webhooks:
            raise Broken(f"The contract has no request for the webhook {path}; write webhooks = {{…}} in it.")
        return replace(self.webhooks[path], method="POST", path=path)

    def _failures(self, kit: Kit) -> str:
        found = kit.failures(self.kind, self.called())
        return f"It failed in {'; '.join(found)}".rstrip(".") + "." if found else ""

    def _require_no_failure(self, kit: Kit) -> None:
        said = self._failures(kit)
        ensure(not said, said)


def _page_of(slot: str) -> str:
    """Return a page that has the slot."""
    return "inquiry" if slot.startswith("inquiry.") else "home"


def _listed(names: Sequence[str] | set[str]) -> str:
    return ", ".join(sorted(names))
