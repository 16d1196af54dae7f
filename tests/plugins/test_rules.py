"""The life of a plugin, decided without a database."""

import pytest

from helpdesk.plugins.rules import PluginState, Standing, is_on, state_of


@pytest.mark.parametrize(
    ("standing", "state"),
    [
        (Standing(), PluginState.DISCOVERED),
        (Standing(is_checked=True), PluginState.CHECKED),
        (Standing(has_settings=True, is_checked=True), PluginState.CONFIGURED),
        (Standing(is_switched=False, has_settings=True, fault="broken"), PluginState.DISABLED),
        (Standing(is_trusted=True, is_switched=False), PluginState.DISABLED),
        (Standing(is_switched=True, fault="speaks", is_incompatible=True), PluginState.INCOMPATIBLE),
        (Standing(is_switched=True, fault="broken"), PluginState.QUARANTINED),
        (Standing(is_switched=True, is_loaded=False), PluginState.QUARANTINED),
        (Standing(is_switched=True, is_loaded=True, lacks_settings=True, is_failing=True), PluginState.LOADED),
        (Standing(is_switched=True, is_loaded=True, is_failing=True), PluginState.DEGRADED),
        (Standing(is_switched=True, is_loaded=True), PluginState.ENABLED),
        (Standing(is_trusted=True, is_loaded=True), PluginState.ENABLED),
    ],
)
def test_state_follows_from_the_standing(standing: Standing, state: PluginState) -> None:
    assert state_of(standing) is state


@pytest.mark.parametrize(
    ("is_switched", "is_trusted", "expected"),
    [(None, False, False), (None, True, True), (True, False, True), (False, True, False)],
)
def test_plugin_is_on_as_was_said_or_else_only_if_it_comes_with_the_desk(
    is_switched: bool | None, is_trusted: bool, expected: bool
) -> None:
    assert is_on(is_switched=is_switched, is_trusted=is_trusted) is expected
