"""The public GraphQL-over-HTTP audit suite (npm: graphql-http) finds nothing to say, not even a warning."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.audits.npm import install
from tests.factories.client import Caller
from tests.servers.processes import find_program
from tests.web.small_desk import serve

FOLDER = Path(__file__).parent
AUDITS = 61
SECONDS = 120


@pytest.fixture
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where packages are kept: in pytest's cache, or for this test alone where pytest keeps none."""
    if not request.config.pluginmanager.has_plugin("cacheprovider"):
        return tmp_path
    assert request.config.cache is not None
    return request.config.cache.mkdir("npm")


@pytest.mark.npm
def test_every_public_audit_passes_on_a_whole_desk(cache: Path, partner: Caller) -> None:
    node = find_program("node", package="nodejs")
    modules = install(FOLDER, cache)
    assert partner.token is not None
    with serve(partner.app) as address:
        done = subprocess.run(
            [node, modules / "audit.mjs", f"{address}/{partner.slug}/graphql"],
            capture_output=True,
            check=True,
            timeout=SECONDS,
            env={"PATH": os.environ["PATH"], "AUDIT_KEY": partner.token},
        )
    results = json.loads(done.stdout)
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == AUDITS
