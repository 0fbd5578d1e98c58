"""Pages of a venue's history, channel by channel: what to ask for at a cursor, and what an answer moves it to.

catalogue: M7. Every request names both ends of its window, and the window holds no more rows than a page, because
venues disagree about which end they cut (Binance keeps the first, Bybit the last). So a page without rows says that the
window has none, and the cursor moves past it; it is asked for again before that is believed. Rows outside the window,
in any order, twice, or of a bar that has not ended are dropped.

Trades are those of Binance, which can be asked for by number (`historicalTrades`): their numbers are those of the
recorded stream, so history and recordings do not double each other. ccxt's `fetch_trades` gives aggregates with numbers
of their own instead: one of them is asked for, to find the first number of a time.
<https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints>
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from feeds.history.job import Checkpoint, Job
from feeds.history.venues import Venue, VenueError

_HOUR_MS = 3_600_000
#: How often an empty page is asked for again.
_EMPTY_AGAIN = 1
#: By our venue: the beginning of ccxt's names of Binance's own requests.
_BINANCE = {"binance-spot": "public", "binance-usdm": "fapiPublic", "binance-coinm": "dapiPublic"}
_BINANCE_TRADES = 500


class Row(NamedTuple):
    """One row: a time in ms, the number that tells it from others, and the texts of its numbers by column."""

    ts_ms: int
    id: int
    known_ms: int
    """When it could be known at the soonest."""
    texts: dict[str, str]
    flags: int = 0


class Page(NamedTuple):
    """Rows by time, and the checkpoint's next `cursor` and `reached_ms`; `missing` as there."""

    rows: list[Row]
    cursor: int
    reached_ms: int
    missing: int


async def klines(venue: Venue, job: Job, at: Checkpoint, end_ms: int) -> Page:
    """Whole bars from the cursor on."""
    every = job.every_ms()
    begin, limit = at.cursor, venue.page_rows
    window = min(end_ms, begin + limit * every)

    async def ask() -> list[Any]:
        symbol = venue.symbol(job.symbol)
        options = {"params": {"until": window - 1}}
        return list(await venue.ask("fetch_ohlcv", symbol, job.bar, begin, limit, **options))

    def row(found: Any) -> Row:
        ts = int(found[0])
        names = ("open", "high", "low", "close", "volume")
        return Row(ts, ts * 1_000_000, ts + every, dict(zip(names, map(str, found[1:6]), strict=True)))

    rows = await _within(ask, row, begin, window)
    beginnings = [begin if at.rows else rows[0].ts_ms if rows else begin, *(row.ts_ms + every for row in rows)]
    missing = sum((row.ts_ms - due) // every for due, row in zip(beginnings, rows, strict=False))
    cursor = rows[-1].ts_ms + every if rows else window
    return Page(rows, cursor, cursor, missing)


async def funding(venue: Venue, job: Job, at: Checkpoint, end_ms: int) -> Page:
    """Rates from the cursor on; no venue settles more often than once an hour."""
    begin, limit = at.cursor, venue.page_rows
    window = min(end_ms, begin + limit * _HOUR_MS)

    async def ask() -> list[Any]:
        symbol = venue.symbol(job.symbol)
        options = {"params": {"until": window - 1}}
        return list(await venue.ask("fetch_funding_rate_history", symbol, begin, limit, **options))

    def row(found: Any) -> Row:
        ts = int(found["timestamp"])
        return Row(ts, ts * 1_000_000, ts, {"rate": str(found["fundingRate"])})

    rows = await _within(ask, row, begin, window)
    return Page(rows, window, window, 0)


async def trades(venue: Venue, job: Job, at: Checkpoint, end_ms: int) -> Page:
    """Trades from the cursor's number on; without one, the first number of the time is looked for hour by hour."""
    if job.venue not in _BINANCE:
        raise VenueError(
            f"trades can be brought from {', '.join(_BINANCE)}, whose history has numbers, was {job.venue}"
        )
    name, symbol = _BINANCE[job.venue], job.symbol
    if not at.cursor:
        window = min(end_ms, at.reached_ms + _HOUR_MS)
        wanted = {"symbol": symbol, "startTime": at.reached_ms, "endTime": window - 1, "limit": 1}
        first = await venue.ask(f"{name}GetAggTrades", wanted)
        return Page([], int(first[0]["f"]) if first else 0, at.reached_ms if first else window, 0)

    async def ask() -> list[Any]:
        wanted = {"symbol": symbol, "fromId": at.cursor, "limit": _BINANCE_TRADES}
        return list(await venue.ask(f"{name}GetHistoricalTrades", wanted))

    def row(found: Any) -> Row:
        ts, sold = int(found["time"]), str(found["isBuyerMaker"]).lower() == "true"
        texts = {"price": str(found["price"]), "qty": str(found["qty"])}
        return Row(ts, int(found["id"]), ts, texts, flags=2 if sold else 0)

    found = await _answered(ask)
    every = {row.id: row for row in map(row, found) if row.id >= at.cursor}
    ids = sorted(every)
    rows = [every[id_] for id_ in ids if every[id_].ts_ms < end_ms]
    cursor = rows[-1].id + 1 if rows else at.cursor
    reached_ms = rows[-1].ts_ms if rows and len(rows) == len(ids) else end_ms
    return Page([row for row in rows if row.ts_ms >= at.reached_ms], cursor, reached_ms, cursor - at.cursor - len(rows))


BY_CHANNEL = {"klines": klines, "funding": funding, "trades": trades}


async def _within(ask: Callable[[], Any], row: Callable[[Any], Row], begin: int, window: int) -> list[Row]:
    """The rows of a window by time, each once."""
    rows = (row(found) for found in await _answered(ask))
    kept = {row.ts_ms: row for row in rows if begin <= row.ts_ms and max(row.ts_ms, row.known_ms - 1) < window}
    return [kept[ts] for ts in sorted(kept)]


async def _answered(ask: Callable[[], Any]) -> list[Any]:
    """An answer with rows, or an empty one that came as often as it takes to believe it."""
    for _ in range(_EMPTY_AGAIN):
        if found := await ask():
            return list(found)
    return list(await ask())
