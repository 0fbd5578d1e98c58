"""What every test file shares: where the recordings lie, and a loud word at the end about what could not be tested."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
SKIPPED = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of market recordings beside the checkout; a test that needs it is skipped without it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the recordings in ../shared/data are not here")
    return SHARED_DATA


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says last, and in capitals, how many tests did not run and why: a skip must not look like a pass."""
    reasons = [_reason(report) for report in terminalreporter.getreports("skipped")]
    if not reasons:
        return
    terminalreporter.section(f"NOT TESTED: {len(reasons)}", yellow=True, bold=True)
    for reason in sorted(set(reasons)):
        terminalreporter.write_line(f"{reasons.count(reason):>4} x {reason}")


def _reason(report: pytest.TestReport) -> str:
    """The reason that a skipped report carries."""
    where = report.longrepr
    return str(where[2]).removeprefix("Skipped: ") if isinstance(where, tuple) else str(where)
