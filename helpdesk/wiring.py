"""Who reacts to what, and what workers do: the whole list on one screen.

Reactions run inside the transaction of the change, in the order written here. Lines are drained by
workers (kernel/jobs.py). "When A happened do B" is a line of this file or it does not happen.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from helpdesk import signals
from helpdesk.access import attempts, connection_log, notices, passwords, sessions, tokens
from helpdesk.channels import accounts, floods, inbox, outbox
from helpdesk.channels import notices as channel_notices
from helpdesk.channels import reactions as channels
from helpdesk.hosting import addresses, life
from helpdesk.hosting import jobs as plugin_jobs
from helpdesk.hosting import operations as hosting
from helpdesk.kernel import events, idempotency, jobs, retention, tallies
from helpdesk.kernel.events import Event, Reaction
from helpdesk.kernel.settings import Settings
from helpdesk.kernel.storage import storage
from helpdesk.plugins import figures, registry
from helpdesk.sdk.events import MessageAdded, ServiceChanged
from helpdesk.tickets import attachments, leaving
from helpdesk.triggers import later as actions

REACTIONS: Mapping[type[Event], Sequence[Reaction]] = {
    MessageAdded: (channels.send_reply,),
    ServiceChanged: (channels.file_what_waited,),
}

TEMPORARY_SECONDS = 3600.0
HOUSEKEEPING_SECONDS = 3600.0


def wire(settings: Settings) -> None:
    """Connect reactions, signals, lines of work and the desk's own address for this process."""
    addresses.use(settings)
    floods.use(settings)
    notices.use(channel_notices.queue, address=addresses.of_service)
    signals.report_troubles_to(figures.note_receiver)
    registry.on_change(accounts.forget_drivers)
    registry.on_change(life.apply)
    jobs.line(inbox.LINE, partial(inbox.drain, settings))
    jobs.line(outbox.LINE, partial(outbox.drain, settings))
    jobs.line(passwords.LINE, partial(passwords.drain, settings))
    jobs.line(actions.LINE, partial(actions.drain, settings))
    jobs.line(plugin_jobs.LINE, partial(plugin_jobs.drain, settings))
    jobs.line(events.LINE, partial(_feed, settings))
    jobs.line("housekeeping", partial(_keep_house, settings), every_seconds=HOUSEKEEPING_SECONDS)
    events.wire(REACTIONS, tell=signals.tell, wake=partial(jobs.wake, events.LINE))


def _feed(settings: Settings) -> None:
    events.feed_all(lease_seconds=settings.lease_seconds, retry_seconds=settings.retry_seconds)


def _keep_house(settings: Settings) -> None:
    """Drop what has served its time: abandoned uploads, old keys, counts and events, done jobs, half-written files.

    Tickets that somebody who has left still has go back to their groups.
    """
    leaving.sweep()
    attachments.drop_abandoned()
    idempotency.forget()
    attempts.forget()
    sessions.forget()
    tokens.forget()
    connection_log.forget()
    floods.forget()
    tallies.forget()
    hosting.forget_done()
    retention.prune(kept=timedelta(days=settings.event_days))
    storage().sweep_temporary(older_than_seconds=TEMPORARY_SECONDS)
