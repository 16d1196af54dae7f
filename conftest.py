"""Gives every test folder, the plugins' too, the real servers as fixtures."""

pytest_plugins = ["tests.servers.fixtures"]
