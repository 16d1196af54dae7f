"""Speaks HTTP for the inquiry form: reads it, refuses forgeries and machines, keeps what was typed, hands it over.

Refuses to lose a text: whatever goes wrong after the form was filled in shows the form again with its values.
A hidden field that is filled does not drop the inquiry silently, because browsers fill such fields too:
the visitor is told and sends again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import Response, request
from werkzeug.datastructures import FileStorage

from helpdesk.helpcenter import pages, rules
from helpdesk.helpcenter.pages import Place
from helpdesk.helpcenter.rendering import Renderer
from helpdesk.helpcenter.rules import Entry, Inquiry, Problem
from helpdesk.helpcenter.themes import Line
from helpdesk.helpcenter.tokens import FormError, Mark, Tokens
from helpdesk.helpcenter.views import Receipt
from helpdesk.kernel import clock
from helpdesk.kernel.errors import Conflict, HelpdeskError, Invalid, LimitExceeded
from helpdesk.web import helpcenter_answers as answers

LARGEST_BODY = rules.MOST_FILES * rules.LARGEST_FILE + 1024 * 1024
LARGEST_TEXTS = 500_000
MOST_PARTS = 50
RETRY_AFTER_SECONDS = 60  # where nobody knows better
_FORGERIES = {"forged": 403, "no_cookie": 403, "expired": 400}

_log = logging.getLogger(__name__)

Create = Callable[[str, Inquiry], int]


@dataclass(frozen=True, slots=True)
class InquiryPages:
    """The form and the page after it, for one request."""

    renderer: Renderer
    tokens: Tokens
    place: Place
    line: Line
    asking: Callable[[], str]

    @property
    def _slug(self) -> str:
        assert self.place.service is not None
        return self.place.service.slug

    @property
    def _cookie(self) -> str:
        # The prefix lets no other host of the domain set the cookie; browsers take it with https at the root only.
        return "__Host-hd_form" if self.place.links.is_secure and not self.place.links.prefix else "hd_form"

    def show(self) -> Response:
        """Show an empty form."""
        return self._form(Entry(), [])

    def show_done(self) -> Response:
        """Show the number in the receipt."""
        receipt = self.tokens.read_receipt(request.args.get("receipt", ""), service=self._slug)
        if receipt is None:
            answers.refuse(404)
        view = Receipt(*receipt)
        html = self.renderer.render(self.line, "inquiry_done", lambda line: pages.done(self.place, line, receipt=view))
        return answers.page(html)

    def take(self, create: Create) -> Response:
        """Hand a good form to the desk; show any other again, with what is wrong."""
        request.max_content_length = LARGEST_BODY
        request.max_form_memory_size = LARGEST_TEXTS
        request.max_form_parts = MOST_PARTS
        try:
            mark = self._mark()
        except FormError as error:
            # The text is shown again; files are not kept, so a stranger's are not even read.
            return self._form(_read(longest_file=0), [], notices=(error.code,), status=_FORGERIES[error.code])
        # One byte more than is allowed tells that a file is too large, without holding all of it.
        entry = _read(longest_file=rules.LARGEST_FILE + 1)
        token = request.form["form_token"]
        problems = rules.problems(entry)
        notices = _machine_signs(is_hasty=mark.is_hasty and not problems)
        if notices or problems:
            return self._form(entry, problems, notices=notices, token=token, status=422)
        return self._create(create, entry, mark, token)

    def _create(self, create: Create, entry: Entry, mark: Mark, token: str) -> Response:
        try:
            number = create(self._slug, self._inquiry(entry, mark))
        except HelpdeskError as error:
            return self._refused(error, entry, token)
        except Exception:
            _log.exception("An inquiry for “%s” could not be kept", self._slug)
            return self._form(entry, [], notices=("not_kept",), token=token, status=503)
        receipt = self.tokens.receipt(self._slug, number=number, contact=rules.masked(entry.email))
        path = self.place.links.page(self._slug, self.place.locale, "inquiry_done", receipt=receipt)
        return answers.redirect(path, status=303)

    def _refused(self, error: HelpdeskError, entry: Entry, token: str) -> Response:
        """Show what a room said about the form, beside the field that it names."""
        status = answers.status_of(error)
        if isinstance(error, Invalid | Conflict):
            fields = [*rules.LONGEST, "files", "consent"]
            field = next((part for part in reversed(error.path) if part in fields), "")
            problem = Problem(field, "refused", (("code", error.code), ("message", error.message)))
            return self._form(entry, [problem], token=token, status=status)
        notice = "too_often" if isinstance(error, LimitExceeded) else "not_kept"
        _log.error("An inquiry for “%s” was refused: %s", self._slug, error.message)
        response = self._form(entry, [], notices=(notice,), token=token, status=status)
        if isinstance(error, LimitExceeded):
            response.headers["Retry-After"] = str(error.after_seconds or RETRY_AFTER_SECONDS)
        return response

    def _mark(self) -> Mark:
        visitor = request.cookies.get(self._cookie, "")
        return self.tokens.check(request.form.get("form_token", ""), service=self._slug, visitor=visitor)

    def _inquiry(self, entry: Entry, mark: Mark) -> Inquiry:
        assert self.place.service is not None
        consent = pages.consent_text(self.place.service, self.place.locale, self.place.translator(self.line))
        return Inquiry(
            name=entry.name,
            email=entry.email,
            subject=entry.subject,
            content=entry.content,
            files=entry.files,
            language=self.place.locale,
            key=rules.key_of(entry, mark.nonce),
            consented_at=clock.now(),
            consent_version=rules.version_of(consent),
            address=self.asking(),
        )

    def _form(
        self,
        entry: Entry,
        problems: list[Problem],
        *,
        notices: tuple[str, ...] = (),
        token: str = "",
        status: int = 200,
    ) -> Response:
        """Show the form. Without ``token`` it gets a new mark, and the browser a cookie if it has none."""
        visitor = request.cookies.get(self._cookie, "") or self.tokens.new_visitor()
        mark = token or self.tokens.issue(self._slug, visitor)
        html = self.renderer.render(
            self.line,
            "inquiry",
            lambda line: pages.inquiry(self.place, line, entry=entry, token=mark, problems=problems, notices=notices),
        )
        response = answers.page(html, status=status)
        if request.cookies.get(self._cookie) != visitor:
            answers.set_cookie(response, self._cookie, visitor, place=self.place)
        return response


def _read(*, longest_file: int) -> Entry:
    """Read the known fields of the form and nothing else, and so many bytes of each file. Source: SECURITY C6."""
    typed = request.form
    entry = Entry(
        name=rules.clean_line(typed.get("name", "")),
        email=rules.clean_line(typed.get("email", "")),
        subject=rules.clean_line(typed.get("subject", "")),
        content=rules.clean_text(typed.get("content", "")),
        is_consent_given=typed.get("consent") == "yes",
    )
    chosen = [file for file in request.files.getlist("files") if file.filename]
    return replace(entry, files=tuple(_attached(file, longest_file) for file in chosen))


def _attached(file: FileStorage, longest: int) -> rules.InquiryFile:
    return rules.attached(file.filename or "", file.stream.read(longest))


def _machine_signs(*, is_hasty: bool) -> tuple[str, ...]:
    if request.form.get(pages.TRAP, ""):
        return ("trapped",)
    return ("hasty",) if is_hasty else ()
