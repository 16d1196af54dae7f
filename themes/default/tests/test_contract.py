"""The default theme keeps the contract of themes."""

from helpdesk_theme_default import FOLDER

from helpdesk.sdk.testing.theme import ThemeContract


class TestDefault(ThemeContract):
    """Every rule, for the theme that all others stand on."""

    theme = FOLDER
