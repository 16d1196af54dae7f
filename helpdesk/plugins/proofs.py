"""What may be kept in clear of a request that comes for a plugin and waits for a worker."""

from collections.abc import Collection, Mapping

PROOFS = frozenset({"authorization", "cookie", "proxy-authorization"})


def without_proofs(values: Mapping[str, str], secrets: Collection[str]) -> dict[str, str]:
    """Return the values without those that prove who calls, and without those that hold one of the secrets."""
    return {
        name: value
        for name, value in values.items()
        if name not in PROOFS and not any(secret in value for secret in secrets)
    }
