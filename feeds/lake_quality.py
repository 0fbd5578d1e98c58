"""The quality of what the lake holds: a row for each channel, symbol and day, and each fault as an event.

catalogue: M9. `lake_quality_page` draws it. Each figure is counted over the rows themselves, by DuckDB:

- `silence_ms_max`: the longest time without a message.
- `latency_ms_p50`, `latency_ms_p99`: receive time minus venue time; below zero a clock is off.
- `backwards`: messages whose venue time lies before that of the message received before them.
- `gaps`: changes that do not chain to the message before them by the venue's own numbers, where it has any.
- `crossed`: tops whose bid is not below their ask.
- `outliers`: trades more than 1 % away from the trade before them.
- of klines, `gaps` counts the bars that are not there between a month's first and last.
- `complete`: the share of messages that are there: of trades where the venue numbers them one by one (Binance), of
  changes by their gaps; null where nothing tells.
"""

from __future__ import annotations

from typing import Any

from feeds.lake_query import Queries
from feeds.lake_schema import BY_NUMBER

_JUDGED = """
with messages as (
    select 'trades' as channel, venue, symbol, day, record, ts_receive, ts_venue, id, 0::ubigint as first,
        0::ubigint as previous, false as snapshot, price / pow(10, price_scale) as price, false as crossed
    from trades
    union all by name
    select distinct 'levels' as channel, venue, symbol, day, record, ts_receive, ts_venue, id, first, previous, snapshot
    from levels
    union all by name
    select 'tops' as channel, venue, symbol, day, record, ts_receive, ts_venue, id, bid >= ask as crossed
    from tops
), told as (
    select *, venue in {BY_NUMBER} as by_rest from messages
), chained as (
    select *,
        ts_receive - lag(ts_receive) over w as silence,
        ts_venue < lag(ts_venue) over w as backwards,
        price / lag(price) over w - 1 as move,
        lag(id) over (partition by channel, venue, symbol, (snapshot and by_rest)
            order by ts_receive, record, id) as before
    from told
    window w as (partition by channel, venue, symbol order by ts_receive, record, id)
), judged as (
    select *, abs(move) > 0.01 as outlier, case
        when channel <> 'levels' or snapshot or before is null then null
        when previous <> 0 then previous <> before
        when venue = 'binance-spot' or venue like 'gate%' or venue like 'kucoin%' then first > before + 1
        when venue like 'bybit%' or venue = 'kraken-futures' then id <> before + 1
        end as gap
    from chained
)
"""
_FIGURES = """
select channel, venue, symbol, day, count(*) as messages,
    round(max(silence) / 1e6, 3) as silence_ms_max,
    round(quantile_cont((ts_receive - ts_venue) / 1e6, 0.5), 3) as latency_ms_p50,
    round(quantile_cont((ts_receive - ts_venue) / 1e6, 0.99), 3) as latency_ms_p99,
    count(*) filter (backwards) as backwards,
    case when count(gap) > 0 then count(*) filter (gap) end as gaps,
    case when channel = 'tops' then count(*) filter (crossed) end as crossed,
    case when channel = 'trades' then count(*) filter (outlier) end as outliers,
    case when channel = 'trades' and venue like 'binance%' then count(distinct id) / (max(id) - min(id) + 1)
        when count(gap) > 0 then 1 - count(*) filter (gap) / count(gap) end as complete
from judged group by channel, venue, symbol, day
union all by name
select 'klines ' || bar as channel, venue, symbol, month as day, count(*) as messages,
    (max(ts_venue) - min(ts_venue)) // any_value(end_ns - ts_venue) + 1 - count(*) as gaps,
    count(*) / ((max(ts_venue) - min(ts_venue)) // any_value(end_ns - ts_venue) + 1) as complete
from klines group by bar, venue, symbol, month
order by channel, venue, symbol, day
"""
_EVENTS = """
select ts_receive as ts_ns, kind, channel, venue, symbol, day, record, id, detail from (
    select *, unnest([
        case when gap then {'kind': 'gap', 'detail':
            'follows ' || before || ', was ' || case when previous <> 0 then previous else first end} end,
        case when crossed then {'kind': 'crossed', 'detail': 'bid is not below ask'} end,
        case when outlier then {'kind': 'outlier', 'detail': 'moved by ' || round(move * 100, 3) || ' %'} end,
        case when backwards then {'kind': 'backwards', 'detail': 'venue time before that of the message before'} end,
        case when silence > {SILENCE_NS} then {'kind': 'silence', 'detail':
            'no message for ' || round(silence / 1e9, 3) || ' s'} end
    ], recursive := true)
    from judged
) where kind is not null order by ts_receive, record, kind limit {LIMIT}
"""
_MARKS_OF = """
, spans as (
    select channel, venue, symbol, day, min(ts_receive) as begin_ns, max(ts_receive) as end_ns
    from judged group by channel, venue, symbol, day
)
select channel, venue, symbol, day, begin_ns, end_ns,
    (ts_receive - begin_ns) // ((end_ns - begin_ns) // {MARKS} + 1) as mark, count(*) as messages,
    count(*) filter (gap or crossed or outlier) as faults
from judged join spans using (channel, venue, symbol, day) group by all order by all
"""
#: Into so many marks a channel of a symbol and day is cut, from its first message to its last.
MARKS = 240
#: A channel without a message for so long is an event, ns.
SILENCE_NS = 10_000_000_000


def quality(queries: Queries) -> list[dict[str, Any]]:
    """The rows of the report."""
    return _asked(queries, _FIGURES)


def events(queries: Queries, limit: int) -> list[dict[str, Any]]:
    """What is wrong, one by one: gap, crossed, outlier, backwards, silence; the first `limit` by receive time."""
    return _asked(queries, _EVENTS.replace("{SILENCE_NS}", str(SILENCE_NS)).replace("{LIMIT}", str(limit)))


def marks(queries: Queries) -> list[dict[str, Any]]:
    """For each channel, symbol and day: `begin_ns`, `end_ns`, and messages and faults of each `mark` between."""
    return _asked(queries, _MARKS_OF.replace("{MARKS}", str(MARKS)))


def _asked(queries: Queries, question: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = queries.sql(_JUDGED.replace("{BY_NUMBER}", str(BY_NUMBER)) + question).to_pylist()
    return found
