"""What an assigner owes: one of the candidates, or nobody, quickly, whoever they are.

::

    class TestFewestOpen(AssignerContract):
        assigner = FewestOpen
"""

from typing import Any, ClassVar

from helpdesk.sdk.assigner import Assigner
from helpdesk.sdk.testing import samples
from helpdesk.sdk.testing.contract import CodeContract, within
from helpdesk.sdk.testing.kit import Kit
from helpdesk.sdk.testing.rules import ensure, rule

CHOOSE_SECONDS = 2.0
SIZES = (1, 2, 7, 500)


class AssignerContract(CodeContract):
    """The rules of one assigner."""

    kind = "assigner"
    assigner: ClassVar[type[Assigner]]

    @rule("AS-CANDIDATE", fix="Return the id of one of the candidates, or None to leave the ticket waiting.")
    def test_choice_is_a_candidate(self, kit: Kit) -> None:
        """Whoever is chosen was a candidate."""
        made = self._made(kit)
        for size in SIZES:
            candidates = samples.agents(size)
            ids = {one.id for one in candidates}
            for ticket in samples.tickets(kit.now()):
                choice = made.choose(ticket, candidates)
                is_known = choice is None or (isinstance(choice, int) and choice in ids)
                ensure(is_known, f"Of {size} candidates it chose {choice!r:.80}, who is none of them.")

    @rule("AS-SOMEBODY", fix="Choose somebody when there is somebody to choose.")
    def test_somebody_is_chosen_at_all(self, kit: Kit) -> None:
        """Of seven idle and busy agents somebody gets one of the tickets."""
        made, candidates = self._made(kit), samples.agents(7)
        choices = [made.choose(ticket, candidates) for ticket in samples.tickets(kit.now())]
        ensure(any(choice is not None for choice in choices), "Nobody was chosen for any ticket.")

    @rule("AS-QUICK", fix="Choose from the facts at hand; the desk waits with the ticket locked.")
    def test_choice_is_quick(self, kit: Kit) -> None:
        """Choosing among five hundred takes less than two seconds."""
        made, candidates = self._made(kit), samples.agents(500)
        (ticket, *_others) = samples.tickets(kit.now())
        within(CHOOSE_SECONDS, lambda: made.choose(ticket, candidates))

    @rule("AS-STATELESS", fix="Remember nothing between two calls: each process has an instance of its own.")
    def test_a_new_instance_chooses_alike(self, kit: Kit) -> None:
        """An instance that has chosen before chooses as a new one does."""
        used, candidates = self._made(kit), samples.agents(7)
        for ticket in samples.tickets(kit.now()):
            for _time in range(3):
                used.choose(ticket, candidates)
            old, new = used.choose(ticket, candidates), self._made(kit).choose(ticket, candidates)
            ensure(old == new, f"After some calls it chose {old}, anew {new}, from the same facts.")

    @rule("AS-OUTSIDE", fix="Call nothing outside while choosing.")
    def test_nothing_outside_is_called(self, kit: Kit) -> None:
        """Choosing reaches nothing outside."""
        made = self._made(kit)
        for ticket in samples.tickets(kit.now()):
            made.choose(ticket, samples.agents(7))
        ensure(not kit.strays(), f"choose connected to {', '.join(kit.strays())}.")

    @rule("AS-DESK", fix="Choose among whoever the desk hands over; their ids and numbers are not those of samples.")
    def test_desk_gives_the_ticket_to_the_chosen(self, kit: Kit) -> None:
        """Asked by the desk, it chooses, and the ticket goes there."""
        self._require_given(kit)

    @rule("AS-BESIDE", fix="Share no global state, names or signals with other plugins.")
    def test_works_beside_all_others(self, kit: Kit) -> None:
        """The assigner works beside every installed plugin, and beside ones that raise everywhere."""
        kit.crowd()
        self._require_given(kit)

    def _require_given(self, kit: Kit) -> None:
        self.install(kit)
        ids = {one.id for one in kit.agents()}
        given = []
        for _time in range(2):
            ticket = kit.ticket()
            given.append(kit.hand_out(self.called(), ticket.id, self.settings_for(kit)))
            now = next(one for one in kit.tickets() if one.id == ticket.id)
            ensure(now.agent_id == given[-1], f"It chose {given[-1]}, and the ticket went to {now.agent_id}.")
        ensure(set(given) & ids, "Of two tickets that the desk handed it, nobody was given any.")

    def _made(self, kit: Kit) -> Any:
        self.install(kit)
        return self.made(kit)
