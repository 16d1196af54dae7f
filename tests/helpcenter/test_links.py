"""Where links lead."""

import pytest

from helpdesk.helpcenter.links import Links


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        ("https://desk.example", "/acme/hc/ko/inquiry"),
        ("https://desk.example/", "/acme/hc/ko/inquiry"),
        ("https://desk.example/support/", "/support/acme/hc/ko/inquiry"),
    ],
)
def test_page_stands_below_the_base_url(base_url: str, path: str) -> None:
    links = Links(base_url)
    assert links.page("acme", "ko", "inquiry") == path
    assert links.absolute(path) == f"https://desk.example{path}"


def test_parameters_and_names_are_escaped() -> None:
    links = Links("https://desk.example")
    assert links.page("a/b", "ko", "inquiry_done", receipt="a&b") == "/a%2Fb/hc/ko/inquiry/done?receipt=a%26b"
    assert links.asset("default", "1f", "img/a b.svg") == "/_t/default/1f/img/a%20b.svg"


def test_only_https_is_secure() -> None:
    assert Links("https://desk.example").is_secure
    assert not Links("http://desk.example").is_secure
