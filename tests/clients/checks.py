"""The checks of a round by name, and the JSON line that each one leaves (catalogue: S1).

A line is `{"client", "version", "market", "check", "result", "detail", "seconds"}`; `result` is one of RESULTS. This
module and its neighbours `exact`, `trader`, `full_round` and `stream_book` run inside the client's environment, so they
import nothing but the standard library.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

# In the order in which a round does them: an order lives through the rows from far_order to cancel.
CHECKS: Mapping[str, str] = {
    "markets": "both contracts with their steps and smallest notional",
    "book": "the client's synchronised book equals the venue's at the same update id",
    "balances": "the opening balances",
    "far_order": "a far post-only order is in the open orders",
    "user_stream": "the user stream told of it",
    "amend": "the order gets another size",
    "cancel": "it is cancelled, gone, and the user stream told of it",
    "fill": "marketable orders fill; fills, fees, balances and position are exact",
    "conditional": "a stop order waits, is listed and is cancelled",
    "insufficient_balance": "more than the account has",
    "post_only_would_match": "a post-only order through the other side",
    "unknown_symbol": "a contract that is not listed",
    "bad_price": "a price between two ticks",
    "bad_lot": "a size between two lots",
    "unknown_order": "a cancel of an order that never was",
    "bad_signature": "a wrong secret",
    "bad_timestamp": "a client whose clock is a minute slow",
}
MARKETS = ("spot", "usdm")
PASSED, FAILED, NOT_OFFERED = RESULTS = ("passed", "failed", "not offered")
CHECK_S = 90.0


class NotOfferedError(Exception):
    """The client has no such thing; its text says why in a sentence."""


@dataclass(frozen=True)
class Line:
    """What one check said."""

    client: str
    version: str
    market: str
    check: str
    result: str
    detail: str
    seconds: float


class Reporter:
    """Writes one JSON line a check on the process's first standard output; all other prints go to stderr."""

    def __init__(self) -> None:
        """Takes stdout for itself, because clients print and log there."""
        self._client, self._version, self._market = "", "", ""
        sys.stdout.flush()
        self._out = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)

    def begin(self, client: str, package: str, market: str) -> None:
        """Names whose checks come now; `package` is the distribution whose version the lines carry."""
        self._client, self._version, self._market = client, importlib.metadata.version(package), market

    async def check(self, name: str, does: Callable[[], Awaitable[None]]) -> bool:
        """Runs one check within CHECK_S; whatever it raises is its result."""
        assert name in CHECKS, f"no check is named {name}"
        start = time.monotonic()
        try:
            await asyncio.wait_for(does(), CHECK_S)
            result, detail = PASSED, ""
        except NotOfferedError as why:
            result, detail = NOT_OFFERED, str(why)
        except Exception as why:
            traceback.print_exc()
            result, detail = FAILED, f"{type(why).__name__}: {why}"[:400]
        self._write(Line(self._client, self._version, self._market, name, result, detail, time.monotonic() - start))
        return result != FAILED

    def _write(self, line: Line) -> None:
        print(json.dumps({**asdict(line), "seconds": round(line.seconds, 3)}), file=self._out, flush=True)


def box_of_stdin() -> dict[str, Any]:
    """The box's first line, which the runner hands to a round on its standard input."""
    first: dict[str, Any] = json.loads(sys.stdin.readline())
    return first
