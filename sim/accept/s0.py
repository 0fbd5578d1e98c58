"""Stage S0, skeleton: a real order and its cancel succeed, the WebSocket is stable, the network takes below 5 ms.

catalogue: H9, K5. Figures of requirements.md (D1 S0, `--test-connectivity`), measured by the connectivity check.
"""

from __future__ import annotations

from pycore.connectivity import Report, check
from pycore.connectivity_market import MarketCheck
from sim.accept.stage import Endurance, Ground, Row, unmeasured

STAGE = "S0"
NETWORK_MS_MAX = 5.0
#: The round trip that is nearest to the network: one small frame there and one back on an open connection.
_ROUND_TRIP = "query"


async def measure(ground: Ground, rows: list[Row]) -> Endurance:
    """Runs the connectivity check and judges what it found."""
    report = Report()
    began_ns = ground.clock.mono_ns()
    try:
        await check(ground.config, ground.credentials, ground.clock, ground.seconds, report)
    finally:
        for each in report.checks:
            rows += judge(each, ground.where)
    ran_s = (ground.clock.mono_ns() - began_ns) / 1e9
    return Endurance(ground.where, ran_s, tuple(report.faults()))


def judge(check: MarketCheck, where: str) -> list[Row]:
    """The rows of one market."""
    return [
        _found(check, where, "order", "placed", "a real order is accepted"),
        _found(check, where, "cancel", "cancelled", "its cancel is confirmed"),
        _found(check, where, "order in the user stream", "seen NEW", "reported NEW"),
        _found(check, where, "cancel in the user stream", "seen CANCELED", "reported CANCELED"),
        _found(check, where, "nothing left", "nothing left open", "no order of ours is open"),
        _found(check, where, "WebSocket", "streams", "stable: messages, and no reconnect"),
        _network(check, where),
    ]


def _found(check: MarketCheck, where: str, figure: str, what: str, wanted: str) -> Row:
    """The row of one finding of the check; without it the reason is the fault that ended the check."""
    name = f"{check.market}: {figure}"
    found = next((finding for finding in check.findings if finding.what == what), None)
    if found is not None:
        return Row(STAGE, name, wanted, found.detail, found.ok, where)
    why = next((finding.detail for finding in check.findings if not finding.ok), "the check was interrupted")
    return unmeasured(STAGE, name, wanted, why)


def _network(check: MarketCheck, where: str) -> Row:
    name, wanted = f"{check.market}: network round trip", f"< {NETWORK_MS_MAX:g} ms, median"
    times = check.line.delays.get(_ROUND_TRIP)
    if times is None:
        return unmeasured(STAGE, name, wanted, "no request was answered")
    median_ms, worst_ms = (times.percentile(share) / 1e6 for share in (0.5, 0.99))
    measured = f"{median_ms:.3f} ms, p99 {worst_ms:.3f} ms, {times.samples} WebSocket requests"
    return Row(STAGE, name, wanted, measured, median_ms < NETWORK_MS_MAX, where)
