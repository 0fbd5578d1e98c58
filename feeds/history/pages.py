"""Pages of bars and of funding rates: what to ask for at a cursor, and what an answer moves it to.

catalogue: M7. Every request names both ends of its window, and the window holds no more rows than a page, because
venues disagree about which end they cut (Binance keeps the first, Bybit the last). So a page without rows says that the
window has none, and the cursor moves past it; it is asked for again before that is believed. Rows outside the window,
in any order, twice, or of a bar that has not ended are dropped. A venue that answers with later rows and none of the
window's first does not know the window, and what it left out cannot be told: its job ends with that as the reason.
"""

from __future__ import annotations

from typing import Any

from feeds.history import trade_pages
from feeds.history.job import Checkpoint, Job
from feeds.history.page import Ends, Page, Row, answered
from feeds.history.venues import Venue, VenueError

_HOUR_MS = 3_600_000


async def klines(venue: Venue, job: Job, at: Checkpoint, ends: Ends) -> Page:
    """Whole bars from the cursor on."""
    every = job.every_ms()
    begin, limit = at.cursor, venue.page_rows
    window = min(ends.end_ms, begin + limit * every)

    async def ask() -> list[Any]:
        symbol = venue.symbol(job.symbol)
        return list(await venue.ask("fetch_ohlcv", symbol, job.bar, begin, limit, params=venue.until(window - 1)))

    def row(found: Any) -> Row:
        ts = int(found[0])
        names = ("open", "high", "low", "close", "volume")
        return Row(ts, ts * 1_000_000, ts + every, dict(zip(names, map(str, found[1:6]), strict=True)))

    rows = _within(job, [row(found) for found in await answered(ask)], (begin, window), ends)
    beginnings = [begin if at.rows else rows[0].ts_ms if rows else begin, *(row.ts_ms + every for row in rows)]
    missing = sum((row.ts_ms - due) // every for due, row in zip(beginnings, rows, strict=False))
    cursor = rows[-1].ts_ms + every if rows else window
    return Page(rows, cursor, cursor, missing)


async def funding(venue: Venue, job: Job, at: Checkpoint, ends: Ends) -> Page:
    """Rates from the cursor on; no venue settles more often than once an hour."""
    begin, limit = at.cursor, venue.page_rows
    window = min(ends.end_ms, begin + limit * _HOUR_MS)

    async def ask() -> list[Any]:
        symbol, within = venue.symbol(job.symbol), venue.until(window - 1, funding=True)
        return list(await venue.ask("fetch_funding_rate_history", symbol, begin, limit, params=within))

    def row(found: Any) -> Row:
        ts = int(found["timestamp"])
        return Row(ts, ts * 1_000_000, ts, {"rate": str(found["fundingRate"])})

    rows = _within(job, [row(found) for found in await answered(ask)], (begin, window), ends)
    return Page(rows, window, window, 0)


BY_CHANNEL = {"klines": klines, "funding": funding, "trades": trade_pages.trades}


def _within(job: Job, rows: list[Row], window: tuple[int, int], ends: Ends) -> list[Row]:
    """The rows of a window by time, each once; VenueError where the venue did not heed it."""
    begin, end = window
    there = [row for row in rows if row.known_ms <= ends.now_ms]
    if any(row.ts_ms >= end for row in there) and min(row.ts_ms for row in there) > begin:
        first = min(row.ts_ms for row in there)
        raise VenueError(
            f"{job.name()} must be told from {begin} ms to {end}, was from {first} on: --since may be too early"
        )
    kept = {row.ts_ms: row for row in there if begin <= row.ts_ms < end and row.known_ms <= ends.end_ms}
    return [kept[ts] for ts in sorted(kept)]
