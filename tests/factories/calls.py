"""Calls of a desk's GraphQL address over HTTP, as partners and agents make them: by the committed operations."""

from types import TracebackType
from typing import Any, Self

from tests.factories import plain
from tests.factories.client import operations

SECONDS = 30.0


class Calls:
    """Somebody with a service key or the token of a session."""

    def __init__(self, url: str, token: str, *, service: str = "demo") -> None:
        self._address = f"{url}/{service}/graphql"
        self._http = plain.Client(headers={"Authorization": f"Bearer {token}"}, timeout=SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._http.close()

    def ask(self, operation: str, **variables: Any) -> dict[str, Any]:
        """Return the data of an operation; fail when there are errors."""
        return self.send(operations()[operation], **variables)

    def send(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of an operation that is not committed; fail when there are errors."""
        body = {"query": query, "variables": variables}
        answer = self._http.post(self._address, json=body).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def do(self, mutation: str, **given: Any) -> dict[str, Any]:
        """Return the payload of a mutation with ``given`` as its input; fail when it refuses."""
        (payload,) = self.ask(mutation, input=given).values()
        assert payload["errors"] == [], payload
        done: dict[str, Any] = payload
        return done
