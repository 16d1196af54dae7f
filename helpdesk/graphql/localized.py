"""Texts in several languages in the schema: in lists, since GraphQL has no maps."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from collections.abc import Iterable, Mapping, Sequence

import strawberry

from helpdesk.kernel.errors import Invalid


@strawberry.type(description="A text in one language.")
class LocalizedText:
    """A text in one language."""

    language: str = strawberry.field(description="A language code, such as ko.")
    text: str = strawberry.field(description="The text.")


@strawberry.input(description="A text in one language.")
class LocalizedTextInput:
    """A text in one language."""

    language: str = strawberry.field(description="A language code, such as ko.")
    text: str = strawberry.field(description="The text.")


def listed(texts: Mapping[str, str], languages: Iterable[str]) -> list[LocalizedText]:
    """Return the texts in the order of the languages, without those in none of them."""
    return [LocalizedText(language=code, text=texts[code]) for code in languages if code in texts]


def by_language(given: Sequence[LocalizedTextInput] | None, *, path: str) -> dict[str, str] | None:
    """Return the texts by language, None for none. Raises Invalid for two in one language."""
    if given is None:
        return None
    texts = {one.language: one.text for one in given}
    if len(texts) < len(given):
        raise Invalid("Name each language once.", path=(path,))
    return texts
