"""What the first service and its administrator are to be: options, questions and defaults, all checked.

Owns that nothing wrong leaves here, by the rooms' own rules, so that whoever makes the desk of it leaves
no half of one behind. All wrong options are told at once; a wrong answer is told and asked for again.
The default address of the administrator lies where no mail goes: one of a real domain might be somebody's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import click

from helpdesk.agents.rules import check_password, normal_email
from helpdesk.commands import passwords
from helpdesk.commands.passwords import Password
from helpdesk.kernel.errors import Invalid
from helpdesk.organization.rules import check_languages, check_name, check_slug, check_time_zone

ADMIN_EMAIL = "admin@desk.example"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the first service and its administrator are to be."""

    service: str
    name: str
    languages: tuple[str, ...]
    time_zone: str
    admin_email: str
    password: Password


@dataclass(frozen=True, slots=True)
class Question:
    """What must be known, under its option's name; ``offer`` is what a person may take by Enter."""

    name: str
    text: str
    default: str
    check: Callable[[str], object]
    offer: str | None

    @property
    def option(self) -> str:
        """Return the option that answers it."""
        return f"--{self.name.replace('_', '-')}"


def _codes(text: str) -> tuple[str, ...]:
    """Return the language codes of a list. Raises Invalid."""
    codes = tuple(code.strip() for code in text.split(",") if code.strip())
    return tuple(check_languages(codes, default_language=next(iter(codes), "")))


QUESTIONS = (
    Question("service", "The service's id in every address", "desk", check_slug, "desk"),
    Question("name", "The name that people see", "Helpdesk", check_name, "Helpdesk"),
    Question("languages", "The languages, the default one first", "ko,en", _codes, "ko,en"),
    Question("time_zone", "The time zone", "Asia/Seoul", check_time_zone, "Asia/Seoul"),
    Question("admin_email", "The administrator's mail address", ADMIN_EMAIL, normal_email, None),
)


def decide(given: Mapping[str, str | None], password: str | None, *, is_asking: bool) -> Wanted:
    """Return what is wanted: what the options say, else the answers, else the defaults. Raises Invalid."""
    _refuse_wrong(given, password)
    answers = {question.name: _answer(question, given[question.name], is_asking=is_asking) for question in QUESTIONS}
    email = answers["admin_email"]
    if password is not None:
        check_password(password, email=email)  # which may only now be known
    return Wanted(
        service=answers["service"],
        name=answers["name"],
        languages=_codes(answers["languages"]),
        time_zone=answers["time_zone"],
        admin_email=email,
        password=passwords.choose(password, email=email, is_asking=is_asking),
    )


def _refuse_wrong(given: Mapping[str, str | None], password: str | None) -> None:
    """Raise Invalid with a sentence for each option that is wrong."""
    wrong = []
    for question in QUESTIONS:
        value = given[question.name]
        if value is not None:
            wrong += _problem(question.option, question.check, value)
    if password is not None:
        email = given["admin_email"] or ADMIN_EMAIL
        wrong += _problem("--admin-password", lambda text: check_password(text, email=email), password)
    if wrong:
        raise Invalid(" ".join(wrong))


def _problem(option: str, check: Callable[[str], object], value: str) -> list[str]:
    try:
        check(value)
    except Invalid as error:
        return [f"{option}: {error.message}"]
    return []


def _answer(question: Question, given: str | None, *, is_asking: bool) -> str:
    if given is not None:
        return given
    if not is_asking:
        return question.default

    def checked(text: str) -> str:
        try:
            question.check(text)
        except Invalid as error:
            raise click.UsageError(error.message) from error
        return text

    return str(click.prompt(question.text, default=question.offer, value_proc=checked, err=True))
