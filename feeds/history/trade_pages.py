"""Pages of trades: by number where the venue gives its history so, else by time.

catalogue: M7. Binance can be asked by number (`historicalTrades`): the numbers are those of the recorded stream, so
history and recordings do not double each other. ccxt's `fetch_trades` gives aggregates with numbers of their own
instead: one of them is asked for, to find the first number of a time. Kraken is asked by time; the trades of a page's
last time come again with the next one and are known by their numbers. Other venues tell the latest trades only.
<https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints>,
<https://docs.kraken.com/api/docs/rest-api/get-recent-trades>
"""

from __future__ import annotations

from typing import Any

from feeds.history.job import Checkpoint, Job
from feeds.history.page import Ends, Page, Row, answered
from feeds.history.venues import Venue, VenueError

_HOUR_MS = 3_600_000
#: By our venue: the beginning of ccxt's names of Binance's own requests.
_BINANCE = {"binance-spot": "public", "binance-usdm": "fapiPublic", "binance-coinm": "dapiPublic"}
_BINANCE_TRADES = 500
_BY_TIME = ("kraken-spot",)
_BY_TIME_TRADES = 1_000
#: The taker sold (`lake_schema`: flags of trades).
_SOLD = 2


async def trades(venue: Venue, job: Job, at: Checkpoint, ends: Ends) -> Page:
    """The next trades; VenueError for a venue whose history of trades cannot be asked for."""
    if job.venue in _BINANCE:
        return await (_by_number if at.cursor else _first_number)(venue, job, at, ends)
    if job.venue in _BY_TIME:
        return await _by_time(venue, job, at, ends)
    known = ", ".join((*_BINANCE, *_BY_TIME))
    raise VenueError(f"trades can be brought from {known}, was {job.venue}, which tells the latest only")


async def _first_number(venue: Venue, job: Job, at: Checkpoint, ends: Ends) -> Page:
    """Looks for the first trade's number in the next hour."""
    window = min(ends.end_ms, at.reached_ms + _HOUR_MS)
    wanted = {"symbol": job.symbol, "startTime": at.reached_ms, "endTime": window - 1, "limit": 1}
    first = await answered(lambda: venue.ask(f"{_BINANCE[job.venue]}GetAggTrades", wanted))
    return Page([], int(first[0]["f"]) if first else 0, at.reached_ms if first else window, 0)


async def _by_number(venue: Venue, job: Job, at: Checkpoint, ends: Ends) -> Page:
    """Trades from the cursor's number on."""
    wanted = {"symbol": job.symbol, "fromId": at.cursor, "limit": _BINANCE_TRADES}

    def row(found: Any) -> Row:
        ts, sold = int(found["time"]), str(found["isBuyerMaker"]).lower() == "true"
        texts = {"price": str(found["price"]), "qty": str(found["qty"])}
        return Row(ts, int(found["id"]), ts, texts, flags=_SOLD if sold else 0)

    found = await answered(lambda: venue.ask(f"{_BINANCE[job.venue]}GetHistoricalTrades", wanted))
    every = {row.id: row for row in map(row, found) if row.id >= at.cursor}
    ids = sorted(every)
    rows = [every[id_] for id_ in ids if every[id_].ts_ms < ends.end_ms]
    cursor = rows[-1].id + 1 if rows else at.cursor
    reached_ms = rows[-1].ts_ms if rows and len(rows) == len(ids) else ends.end_ms
    return Page([row for row in rows if row.ts_ms >= at.reached_ms], cursor, reached_ms, cursor - at.cursor - len(rows))


async def _by_time(venue: Venue, job: Job, at: Checkpoint, ends: Ends) -> Page:
    """Trades from the cursor's time on; VenueError where more have one time than a page holds."""
    begin, symbol = at.cursor or at.reached_ms, venue.symbol(job.symbol)

    def row(found: Any) -> Row:
        texts = {"price": str(found["price"]), "qty": str(found["amount"])}
        ts = int(found["timestamp"])
        return Row(ts, int(found["id"]), ts, texts, flags=_SOLD if found["side"] == "sell" else 0)

    found = await answered(lambda: venue.ask("fetch_trades", symbol, begin, _BY_TIME_TRADES))
    every = {row.id: row for row in map(row, found) if row.ts_ms >= begin}
    rows = sorted((row for row in every.values() if row.ts_ms < ends.end_ms), key=lambda row: (row.ts_ms, row.id))
    last = max((row.ts_ms for row in every.values()), default=begin)
    if last > begin and last < ends.end_ms:
        return Page(rows, last, last, 0)
    if last == begin and len(found) >= _BY_TIME_TRADES:
        raise VenueError(f"trades of {job.name()} at {begin} ms must be fewer than a page, was {len(found)}")
    return Page(rows, max(begin, min(last, ends.end_ms)), ends.end_ms, 0)
