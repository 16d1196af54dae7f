"""The codes with which this room refuses what concerns plugins: what each means, and what to do about it."""

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "FEATURE_OFF": (
        "This belongs to a feature that is off in the service. An administrator of the organization can switch it on"
        " with `serviceFeatureSet`."
    ),
    "SERVICE_PAUSED": (
        "The service is paused. What comes in meanwhile is kept. An administrator of the organization can take it into"
        " use again with `serviceStateSet`."
    ),
    "SERVICE_STOPPED": "The service was stopped for good. Ask an administrator of the organization.",
    "UNKNOWN_THEME": (
        "No theme of this name is in use, so no service can wear it. Enable it; `helpdesk plugin list` says why it"
        " cannot be used."
    ),
}
"""Each code, what it means, and what to do. ``helpdesk docs plugins`` prints them."""
