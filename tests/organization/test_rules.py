"""A service is called, speaks and lives by what the rest of the desk can rely on."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.errors import Invalid
from helpdesk.organization import rules


@given(slug=st.one_of(st.text(max_size=40), st.from_regex(r"[a-z0-9-]{1,34}\n?", fullmatch=True)))
def test_a_slug_is_taken_as_it_is_or_refused(slug: str) -> None:
    if re.fullmatch(r"[a-z][a-z0-9-]{1,31}", slug) and slug not in rules.RESERVED_SLUGS:
        assert rules.check_slug(slug) == slug
        return
    with pytest.raises(Invalid) as refused:
        rules.check_slug(slug)
    assert (refused.value.code, refused.value.path) == ("BAD_SLUG", ("slug",))


@pytest.mark.parametrize("word", ["hc", "graphql", "static", "healthz", "readyz", "metrics", "api"])
def test_words_of_the_desk_s_own_addresses_are_no_slugs(word: str) -> None:
    with pytest.raises(Invalid, match=word) as refused:
        rules.check_slug(word)
    assert refused.value.code == "BAD_SLUG"


@pytest.mark.parametrize("code", ["ko", "en", "ja", "zh-Hant", "pt-BR", "zh-Hans-CN"])
def test_languages_that_people_speak_are_known(code: str) -> None:
    assert rules.is_language(code)


@pytest.mark.parametrize("code", ["", "KO", "ko_KR", "xx", "qq-QQ", "ko-kr", "korean", "../en", "en\n"])
def test_what_is_no_language_is_not(code: str) -> None:
    assert not rules.is_language(code)


@pytest.mark.parametrize(
    ("languages", "default", "path"),
    [
        ([], "ko", "languages"),
        (["ko", "ko"], "ko", "languages"),
        (["ko", "klingon"], "ko", "languages"),
        (["ko", "en"], "ja", "default_language"),
    ],
)
def test_languages_that_do_not_go_together_are_refused(languages: list[str], default: str, path: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.check_languages(languages, default_language=default)
    assert (refused.value.code, refused.value.path) == ("BAD_LANGUAGE", (path,))


def test_each_language_needs_its_own_name_and_no_other_has_one() -> None:
    assert rules.check_names({"ko": " 고객\u202e센터\n", "en": "Help"}, languages=["ko", "en"]) == {
        "ko": "고객센터",
        "en": "Help",
    }
    for names, path in (({"ko": "고객센터"}, "en"), ({"ko": "고객센터", "en": "Help", "ja": "窓口"}, "ja")):
        with pytest.raises(Invalid) as refused:
            rules.check_names(names, languages=["ko", "en"])
        assert refused.value.path == ("names", path)


def test_a_time_zone_is_one_of_the_list() -> None:
    assert rules.check_time_zone("Asia/Seoul") == "Asia/Seoul"
    for name in ("", "Seoul", "asia/seoul", "../../etc/passwd", "UTC+9"):
        with pytest.raises(Invalid) as refused:
            rules.check_time_zone(name)
        assert refused.value.code == "BAD_TIME_ZONE"
