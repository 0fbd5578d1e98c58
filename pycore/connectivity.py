"""The connectivity check: on each market, one far-off order there and back, both streams watched, everything measured.

catalogue: K5, O2, K6. In place of D1's `--test-connectivity`: clock, instruments and key over REST, then the engine's
own feed, gateway and user stream. The check cancels its own order and no other, however it ends.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from feeds.ports import Clock
from oms.signing import Signer
from pycore.config import Config
from pycore.connectivity_market import MarketCheck
from pycore.credentials import Credentials
from pycore.latency import Histogram

_HTTP_TIMEOUT_S = 10.0


@dataclass
class Report:
    """What a check has found so far, market by market."""

    checks: list[MarketCheck] = field(default_factory=list)

    def faults(self) -> list[str]:
        """Every fault, with market and what was found."""
        return [
            f"{check.market}: {row.what}: {row.detail}" for check in self.checks for row in check.findings if not row.ok
        ]

    def rows(self) -> list[dict[str, Any]]:
        """A row for each thing that was checked, then one for each kind of latency."""
        found = [
            {"market": check.market, "symbol": check.symbol, "what": row.what, "ok": row.ok, "detail": row.detail}
            for check in self.checks
            for row in check.findings
        ]
        return found + [
            {"market": check.market, "symbol": check.symbol, "what": name, "ok": True, **milliseconds(histogram)}
            for check in self.checks
            for name, histogram in check.latencies().items()
        ]

    def summary(self) -> dict[str, Any]:
        """The whole in one object; latencies and clock offsets in ms, by market."""
        return {
            "ok": bool(self.checks) and not self.faults(),
            "placed": sum(check.placed for check in self.checks),
            "cancelled": sum(check.cancelled for check in self.checks),
            "seen": sum(check.seen for check in self.checks),
            "messages": sum(sum(check.line.messages.values()) for check in self.checks),
            "reconnects": sum(check.reconnects for check in self.checks),
            "clock_offset_ms": {check.market: round(check.rest.offset_ns / 1e6, 3) for check in self.checks},
            "latency_ms": {
                check.market: {name: milliseconds(histogram) for name, histogram in check.latencies().items()}
                for check in self.checks
            },
            "faults": self.faults(),
        }


def milliseconds(histogram: Histogram) -> dict[str, float | int]:
    """Count and percentiles of a histogram, ms."""
    shares = {"p50_ms": 0.5, "p90_ms": 0.9, "p99_ms": 0.99, "max_ms": 1.0}
    times = {name: round(histogram.percentile(share) / 1e6, 3) for name, share in shares.items()}
    return {"count": histogram.samples, **times}


async def check(config: Config, credentials: Credentials, clock: Clock, seconds: float, report: Report) -> None:
    """Checks every configured market at the same time for about `seconds`; what is found is in `report` at any time.

    Cancelling this cancels the orders that it placed before it ends.
    """
    signer = Signer(credentials)
    jitter = random.Random(clock.utc_ns())
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_HTTP_TIMEOUT_S)) as http:
        for market in config.markets():
            report.checks.append(MarketCheck(market, config, signer, clock, http, jitter))
        async with asyncio.TaskGroup() as group:
            for each in report.checks:
                group.create_task(each.run(seconds), name=f"check {each.market}")
