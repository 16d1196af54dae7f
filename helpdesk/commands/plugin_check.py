"""``helpdesk plugin check``: judges a plugin's folder by the rules of the SDK, and says how to mend what it finds."""

from pathlib import Path
from typing import Any

import click
from click.exceptions import Exit

from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.failures import FINDINGS
from helpdesk.kit.checking import check
from helpdesk.kit.distribution import Verdict


@verb("check", short_help="Check a plugin's folder.")
@click.argument("path", type=click.Path(file_okay=False, path_type=Path))
@click.option("--write-schema", is_flag=True, help="Write what a whole plugin adds to the API beside it first.")
def plugin_check(asked: Asked, *, path: Path, write_schema: bool) -> None:
    """Check the plugin in the folder PATH, which holds its pyproject.toml: as it lies there, installed or not.

    Judges what lies on the disk, loads the entry points, and runs the contracts in tests/test_*.py, each rule on a
    desk of its own, in a process of its own. Ends with 1 when it finds something; each finding has a code, the
    reason, and how to mend it.

    A whole plugin keeps what it adds to the GraphQL API in the file schema.graphql beside its pyproject.toml, so that
    nobody changes it unawares; --write-schema writes that file.
    """
    verdicts = []
    for verdict in check(path, writes_schema=write_schema):
        verdicts.append(verdict)
        if not asked.is_json:
            click.echo(_line(verdict))
    findings = [verdict for verdict in verdicts if verdict.is_finding]
    passed = sum(not verdict.reason for verdict in verdicts)
    data = {"is_ok": not findings, "findings": [_data(one) for one in findings], "passed": passed}
    asked.answer(data, _summary(findings, passed))
    if findings:
        raise Exit(FINDINGS)


def _line(verdict: Verdict) -> str:
    if verdict.is_skipped:
        return f"--       {verdict.code} {verdict.subject}: {verdict.reason}"
    if not verdict.reason:
        return f"ok       {verdict.code} {verdict.subject}: {verdict.summary}"
    return f"finding  {verdict.code} {verdict.subject}: {verdict.reason} {verdict.fix}"


def _data(verdict: Verdict) -> dict[str, Any]:
    return {"code": verdict.code, "subject": verdict.subject, "reason": verdict.reason, "fix": verdict.fix}


def _summary(findings: list[Verdict], passed: int) -> str:
    if not findings:
        return f"All is well: {passed} rules are kept."
    return f"{len(findings)} findings; {passed} rules are kept."
