"""What a client is told of an error: expected ones in full, all others as one masked sentence.

Owns the words and codes of top-level errors. Refuses to let any other exception's text out: a
resolver's GraphQLError is masked too, because graphql-core writes values of ours into its own.
Resolvers that want to be understood raise HelpdeskError. strawberry's MaskErrors lost: it drops codes.
Source: SECURITY 0.3, E9.
"""

import logging
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError

from helpdesk.kernel.db import explained
from helpdesk.kernel.errors import HelpdeskError

logger = logging.getLogger(__name__)

MASKED_MESSAGE = "Something went wrong on our side; quote the request id."
MASKED_CODE = "INTERNAL_SERVER_ERROR"
MAX_TRACEBACKS = 3  # fifty rows that fail the same way need not be told fifty times

_ARGUMENT_COERCION = "graphql.execution.values"
_SCALAR_FAILURE = ", but encountered error "


def format_refusals(errors: Sequence[GraphQLError], *, code: str) -> list[dict[str, Any]]:
    """Format errors found before anything ran. ``code`` is for those that carry none themselves."""
    return [_format_refusal(error, code) for error in errors]


def format_failures(errors: Sequence[GraphQLError], *, request_id: str) -> list[dict[str, Any]]:
    """Format errors that resolvers raised; log those that are masked, the first ones with their traceback."""
    formatted = []
    masked = []
    for error in errors:
        cause = _cause(error)
        if unreachable := explained(cause):
            logger.error("Request %s lost its database.", request_id, exc_info=cause)
            formatted.append(_told(error, unreachable.message, _extensions(unreachable)))
        elif isinstance(cause, HelpdeskError):
            formatted.append(_told(error, cause.message, _extensions(cause)))
        elif _is_argument_error(cause):
            formatted.append(_told(error, error.message, {"code": "BAD_USER_INPUT"}))
        else:
            masked.append(error)
            formatted.append(_told(error, MASKED_MESSAGE, {"code": MASKED_CODE, "requestId": request_id}))
    _log(masked, request_id)
    return formatted


def _format_refusal(error: GraphQLError, code: str) -> dict[str, Any]:
    extensions = dict(error.extensions or {})
    cause = _cause(error)
    if isinstance(error, GraphQLSyntaxError):
        code = "GRAPHQL_PARSE_FAILED"
    if isinstance(cause, HelpdeskError):  # a custom scalar that says what is wrong
        return _told(error, cause.message, _extensions(cause))
    message, hidden, _ = error.message.partition(_SCALAR_FAILURE)  # what a scalar raised is not for outside
    return _told(error, message + "." if hidden else message, {"code": code} | extensions)


def _told(error: GraphQLError, message: str, extensions: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"message": message}
    if error.locations:
        told["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        told["path"] = list(error.path)
    told["extensions"] = dict(extensions)
    return told


def _extensions(error: HelpdeskError) -> dict[str, Any]:
    return {"code": error.code, "inputPath": list(error.path)} if error.path else {"code": error.code}


def _cause(error: GraphQLError) -> Exception:
    """Return what was raised in the first place, under the wrappings of graphql-core."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _is_argument_error(cause: Exception) -> bool:
    """Return whether graphql-core itself refused an argument, which only run time can show (a null variable)."""
    if not isinstance(cause, GraphQLError):
        return False
    frames = [frame for frame, _ in traceback.walk_tb(cause.__traceback__)]
    return bool(frames) and frames[-1].f_globals.get("__name__") == _ARGUMENT_COERCION


def _log(masked: Sequence[GraphQLError], request_id: str) -> None:
    for error in masked[:MAX_TRACEBACKS]:
        path = ".".join(str(part) for part in error.path or ())
        logger.error("Request %s failed at %s.", request_id, path or "the root", exc_info=_cause(error))
    if len(masked) > MAX_TRACEBACKS:
        logger.error("Request %s failed at %d further places.", request_id, len(masked) - MAX_TRACEBACKS)
