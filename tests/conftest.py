"""What every test file shares: where recordings lie, a wait at funding, a loud word about what could not be tested."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
#: USD-M pays funding at 00, 08 and 16 UTC, the box too: an exact comparison of wallets must not run across it.
FUNDING_EVERY_S = 8 * 3600
#: No test of a box takes longer; and how long after its time a funding is surely booked.
CLEAR_BEFORE_S, CLEAR_AFTER_S = 60.0, 3.0


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of market recordings beside the checkout; a test that needs it is skipped without it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the recordings in ../shared/data are not here")
    return SHARED_DATA


def until_clear_s(now_s: float) -> float:
    """How long to wait at `now_s` (seconds since the epoch) so that a test does not run across a funding."""
    into = now_s % FUNDING_EVERY_S
    if into < CLEAR_AFTER_S:
        return CLEAR_AFTER_S - into
    left = FUNDING_EVERY_S - into
    return left + CLEAR_AFTER_S if left < CLEAR_BEFORE_S else 0.0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Waits out a funding, three times a day a minute at most."""
    time.sleep(until_clear_s(time.time()))


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
