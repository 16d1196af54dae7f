"""The example of a theme."""

import tomllib

from helpdesk_example.theme import FOLDER


def test_folder_holds_a_theme_in_the_languages_that_it_names():
    theme = tomllib.loads((FOLDER / "theme.toml").read_text("utf-8"))["theme"]
    assert (theme["name"], theme["parent"]) == ("example", "default")
    texts = [tomllib.loads((FOLDER / f"locales/{one}.toml").read_text("utf-8")) for one in theme["locales"]]
    assert all(text["example"]["hours"] for text in texts)
