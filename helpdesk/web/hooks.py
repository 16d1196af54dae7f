"""Where providers call us: the bytes are verified, stored, and answered with 200; understanding comes later."""

import logging

from flask import Blueprint, Response, request

from helpdesk.channels import accounts, inbox, queries
from helpdesk.kernel import clock, db
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.kernel.settings import Settings
from helpdesk.organization import queries as organization
from helpdesk.plugins.proofs import without_proofs
from helpdesk.sdk.channel import InboundRequest, Unverified
from helpdesk.web.reading import read_body
from helpdesk.web.replies import plain

log = logging.getLogger(__name__)

NOT_TAKEN = "The desk cannot take this request now; send it again later."
NOT_CHECKED = "The channel could not check this request; send it again later."
KEPT_HEADERS = 64


def blueprint(settings: Settings) -> Blueprint:
    """Return the route ``/<service>/channels/<hook_token>/hook``."""
    routes = Blueprint("hooks", __name__)

    @routes.post("/<service>/channels/<hook_token>/hook")
    def hook(service: str, hook_token: str) -> Response:
        """Verify, store and answer."""
        body = read_body(settings.max_body_bytes)
        with db.connection():
            return _take(service, hook_token, body, settings)

    return routes


def _take(slug: str, hook_token: str, body: bytes, settings: Settings) -> Response:
    service = organization.service_by_slug(slug)
    account = queries.account_by_hook(service.id, hook_token) if service else None
    if account is None:
        return plain("There is no such hook.", 404)
    headers = {name.lower(): value for name, value in list(request.headers.items())[:KEPT_HEADERS]}
    query = dict(list(request.args.items())[:KEPT_HEADERS])
    try:
        driver = accounts.driver_by_id(account.id)
        driver.verify(InboundRequest(body, headers, query, clock.now()))
        secrets = driver.secrets
        kept = {"headers": without_proofs(headers, secrets), "query": without_proofs(query, secrets)}
        inbox.store(account.id, account.service_id, body, request=kept, largest=settings.max_body_bytes)
    except Unverified as error:
        log.warning("hook refused", extra={"account_id": account.id, "reason": str(error)})
        return plain("The request is not signed as it should be.", 401)
    except HelpdeskError as error:
        log.warning("a request could not be taken", extra={"account_id": account.id, "reason": error.message})
        return plain(NOT_TAKEN, 503)
    except Exception:
        log.exception("a request could not be verified", extra={"account_id": account.id})
        return plain(NOT_CHECKED, 503)
    return plain("ok")
