"""What an action owes: known effects, decided quickly and without touching anything, and the right verdicts outside.

::

    class TestEscalate(ActionContract):
        action = Escalate
        settings = {"group_id": 7}
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, get_args
from unittest import SkipTest

import orjson

from helpdesk.sdk.action import Action, AddNote, AddTags, Assign, Effect, Later, RemoveTags, Reply, SetStatus
from helpdesk.sdk.errors import Refused, Retry
from helpdesk.sdk.http import HttpResponse
from helpdesk.sdk.testing import samples
from helpdesk.sdk.testing.contract import CodeContract, secrets_of, within
from helpdesk.sdk.testing.kit import HttpCall, Kit
from helpdesk.sdk.testing.outside import STATUSES, Outcome
from helpdesk.sdk.testing.rules import Broken, ensure, rule

EFFECTS = get_args(Effect)
MOST_EFFECTS = 20
RUN_SECONDS = 2.0


class ActionContract(CodeContract):
    """The rules of one action."""

    kind = "action"
    action: ClassVar[type[Action]]

    later: ClassVar[Mapping[str, Any] | None] = None
    """Data for ``perform``, where the action has one and none of the sample tickets makes a ``Later``."""

    def answer(self, outcome: Outcome, call: HttpCall) -> HttpResponse:
        """Return what the outside answers to a call of ``perform``: 200, 503 or 400 unless told."""
        return HttpResponse(STATUSES[outcome], {"content-type": "application/json"}, b"{}")

    @rule("AC-EFFECTS", fix="Return effects of helpdesk.sdk.action, at most 20; nothing is fine.")
    def test_effects_are_known_ones(self, kit: Kit) -> None:
        """Whatever the ticket, the action returns effects that the desk knows."""
        for ticket in samples.tickets(kit.now()):
            effects = self._effects(kit, ticket)
            ensure(len(effects) <= MOST_EFFECTS, f"It returned {len(effects)} effects at once.")
            strange = [type(effect).__name__ for effect in effects if not isinstance(effect, EFFECTS)]
            ensure(not strange, f"It returned {', '.join(strange)} among its effects.")

    @rule("AC-QUICK", fix="Decide from the facts at hand; put what takes time into a Later.")
    def test_decision_is_quick(self, kit: Kit) -> None:
        """Deciding takes less than two seconds."""
        made = self._made(kit)
        for ticket in samples.tickets(kit.now()):
            within(RUN_SECONDS, lambda ticket=ticket: list(made.run(ticket)))  # type: ignore[misc]

    @rule("AC-PURE", fix="Return effects and leave the doing to the desk; reach outside in perform, by a Later.")
    def test_decision_touches_nothing(self, kit: Kit) -> None:
        """Deciding calls nothing outside, and decides the same about the same ticket."""
        for ticket in samples.tickets(kit.now()):
            first, second = self._effects(kit, ticket), self._effects(kit, ticket)
            ensure(first == second, f"About the same ticket it decided {first!r:.200}, then {second!r:.200}.")
        reached = [call.url for call, _answer in kit.calls()] + list(kit.strays())
        ensure(not reached, f"run called {', '.join(reached)}.")

    @rule("AC-LATER-DATA", fix="Hand JSON values to Later: texts, numbers, lists and mappings with texts as keys.")
    def test_data_for_later_can_be_stored(self, kit: Kit) -> None:
        """What a Later carries comes back from the database as it was."""
        for data in self._laters(kit):
            stored = orjson.loads(orjson.dumps(dict(data)))
            ensure(stored == dict(data), f"{dict(data)!r:.200} would come back as {stored!r:.200}.")

    @rule("AC-PERFORM", fix="Raise Retry when the outside cannot do it now, and Refused when it never will.")
    def test_verdicts_on_the_outside_are_right(self, kit: Kit) -> None:
        """What is done outside succeeds, is tried again, or is given up, as the outside answers."""
        data = self._laters(kit)[0]
        made = self._made(kit)
        kit.provide(lambda call: self.answer(Outcome.TAKEN, call))
        for _time in range(2):  # it may be called twice
            made.perform(data)
        for outcome, error in ((Outcome.LATER, Retry), (Outcome.REFUSED, Refused)):
            self._require_verdict(kit, made, data, outcome, error)

    @rule("AC-SECRET-LOG", fix="Log no settings, no headers and no requests.")
    def test_no_secret_is_logged(self, kit: Kit) -> None:
        """No secret of the settings stands in any line of the log."""
        made = self._made(kit)
        kit.provide(lambda call: self.answer(Outcome.TAKEN, call))
        for ticket in samples.tickets(kit.now()):
            for effect in made.run(ticket):
                if isinstance(effect, Later):
                    made.perform(effect.data)
        found = [name for name, secret in secrets_of(made.settings) if secret in kit.logged()]
        ensure(not found, f"The log holds the secret of the setting {', '.join(found)}.")

    @rule("AC-CHECK", fix="Let check() raise only when the settings do not work.")
    def test_check_passes_for_good_settings(self, kit: Kit) -> None:
        """The button “test” says yes while the outside answers."""
        kit.provide(lambda call: self.answer(Outcome.TAKEN, call))
        self._made(kit).check()

    @rule("AC-DESK", fix="Return effects that the desk can carry out on any open ticket; see helpdesk.sdk.action.")
    def test_desk_does_what_was_decided(self, kit: Kit) -> None:
        """Run on a ticket by the desk, what the action decides has happened to the ticket, and outside."""
        self._require_done(kit)

    @rule("AC-BESIDE", fix="Share no global state, names or signals with other plugins.")
    def test_works_beside_all_others(self, kit: Kit) -> None:
        """The action works beside every installed plugin, and beside ones that raise everywhere."""
        kit.crowd()
        self._require_done(kit)

    def _require_done(self, kit: Kit) -> None:
        kit.provide(lambda call: self.answer(Outcome.TAKEN, call))
        ticket = kit.ticket()
        effects = self._effects(kit, ticket)
        kit.act(self.called(), ticket.id, self.settings_for(kit))
        kit.work()
        lacking = [type(effect).__name__ for effect in effects if not _has_happened(kit, ticket.id, effect, effects)]
        ensure(not lacking, f"Of what it decided, {', '.join(lacking)} did not come about.")
        failures = kit.failures(self.kind, self.called())
        ensure(not failures, f"On the desk it failed in {'; '.join(failures)}")

    def _made(self, kit: Kit) -> Any:
        self.install(kit)
        made = self.made(kit)
        made.http = kit.http
        return made

    def _effects(self, kit: Kit, ticket: Any) -> list[Any]:
        answer = self._made(kit).run(ticket)
        if answer is None or isinstance(answer, str | bytes):
            raise Broken(f"run returned {answer!r:.80} instead of effects.")
        return list(answer)

    def _laters(self, kit: Kit) -> list[Mapping[str, Any]]:
        effects = [effect for ticket in samples.tickets(kit.now()) for effect in self._effects(kit, ticket)]
        found = [effect.data for effect in effects if isinstance(effect, Later)]
        found += [] if self.later is None else [self.later]
        if not found:
            raise SkipTest("This action does nothing outside.")
        return found

    def _require_verdict(
        self, kit: Kit, made: Any, data: Mapping[str, Any], outcome: Outcome, error: type[Exception]
    ) -> None:
        kit.provide(lambda call: self.answer(outcome, call))
        try:
            made.perform(data)
        except error:
            return
        except Exception as other:
            raise Broken(f"perform raised {type(other).__name__} ({other}) instead of {error.__name__}.") from other
        raise Broken(f"perform returned although the answer was “{outcome}”; it must raise {error.__name__}.")


def _has_happened(kit: Kit, ticket_id: int, effect: Effect, effects: Sequence[Effect]) -> bool:
    """Return whether the ticket shows the effect, unless a later one may have undone it."""
    ticket = next(one for one in kit.tickets() if one.id == ticket_id)
    later = effects[effects.index(effect) + 1 :]
    if any(isinstance(one, _UNDOING.get(type(effect), ())) for one in later):
        return True
    is_shown = True
    match effect:
        case SetStatus(status):
            is_shown = ticket.status == status
        case Assign(agent_id, group_id):
            is_shown = (ticket.agent_id, ticket.group_id) == (agent_id, group_id)
        case Reply(text) | AddNote(text):
            is_shown = text.strip() in [message.text for message in kit.messages(ticket_id)]
        case AddTags(tags):
            is_shown = set(tags) <= set(ticket.tags)
        case RemoveTags(tags):
            is_shown = not set(tags) & set(ticket.tags)
    return is_shown


_UNDOING: Mapping[type, tuple[type, ...]] = {
    SetStatus: (SetStatus, Reply),
    Assign: (Assign,),
    AddTags: (RemoveTags,),
    RemoveTags: (AddTags,),
}
"""What may undo an effect; an answer to a customer changes the status, too."""
