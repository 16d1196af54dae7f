"""The stable codes with which this room refuses: what each means, and what to do about it."""

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "ACCOUNT_DELETED": "The channel account was deleted: nothing goes in or out by it. Make another one.",
    "BAD_ACCOUNT": (
        "The stored settings of an account do not fit its channel any more. Update them with `channelAccountUpdate`."
    ),
    "CHANNEL_NOT_LOADED": (
        "The channel is not in use in this service. Enable its plugin; `helpdesk plugin info NAME` says why "
        "it cannot be used."
    ),
    "CUSTOMER_NOT_REACHABLE": (
        "The answer would reach nobody: the ticket has no customer, or one whom its channel cannot reach. Nothing was "
        "written. Keep the answer unsent with `isKept`, write a note, or make a ticket with the customer's address."
    ),
    "NOT_QUARANTINED": "This message is not quarantined, so there is nothing to dismiss.",
    "NOT_HELD": (
        "This message is not held, nor was it taken for a report, a machine's or spam: there is nothing to release."
    ),
    "NOT_RETRIABLE": "There is nothing to try again: it was done, or is being done right now.",
    "VERSION_CONFLICT": (
        "Somebody else changed the account meanwhile. Read it again and send the version that you have read."
    ),
}
"""Each code, what it means, and what to do. ``helpdesk docs plugins`` prints them."""
