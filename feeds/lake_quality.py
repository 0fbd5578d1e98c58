"""The quality of what the lake holds, a row for each channel, symbol and day, and as one HTML page.

catalogue: M9. Each figure is counted over the rows themselves, in one query of DuckDB:

- `silence_ms_max`: the longest time without a message.
- `latency_ms_p50`, `latency_ms_p99`: receive time minus venue time; below zero a clock is off.
- `backwards`: messages whose venue time lies before that of the message received before them.
- `gaps`: changes that do not chain to the message before them by the venue's own numbers, where it has any.
- `crossed`: tops whose bid is not below their ask.
- `outliers`: trades more than 1 % away from the trade before them.
- `complete`: the share of messages that are there: of trades where the venue numbers them one by one (Binance), of
  changes by their gaps; null where nothing tells.
"""

from __future__ import annotations

import html
from typing import Any

from feeds.lake_query import Queries
from feeds.lake_schema import BY_NUMBER

_QUERY = """
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
        abs(price / lag(price) over w - 1) > 0.01 as outlier,
        lag(id) over (partition by channel, venue, symbol, (snapshot and by_rest)
            order by ts_receive, record, id) as before
    from told
    window w as (partition by channel, venue, symbol order by ts_receive, record, id)
), judged as (
    select *, case
        when channel <> 'levels' or snapshot or before is null then null
        when previous <> 0 then previous <> before
        when venue in ('binance-spot', 'gate-spot', 'kucoin-spot') then first > before + 1
        when venue like 'bybit%' or venue = 'kraken-futures' then id <> before + 1
        end as gap
    from chained
)
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
from judged group by channel, venue, symbol, day order by channel, venue, symbol, day
"""
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:1180px;padding:0 14px}"
    "div{overflow-x:auto}table{border-collapse:collapse;font-size:.82rem;font-variant-numeric:tabular-nums}"
    "th,td{text-align:right;padding:4px 8px;border-bottom:1px solid #d5dae1;white-space:nowrap}"
    "th:nth-child(-n+4),td:nth-child(-n+4){text-align:left}.bad{color:#c0303b;font-weight:bold}"
)
#: Figures that should be 0.
_FAULTS = ("backwards", "gaps", "crossed", "outliers")


def quality(queries: Queries) -> list[dict[str, Any]]:
    """The rows of the report."""
    found: list[dict[str, Any]] = queries.sql(_QUERY.replace("{BY_NUMBER}", str(BY_NUMBER))).to_pylist()
    return found


def page(rows: list[dict[str, Any]], place: str) -> str:
    """The report as one HTML page that loads nothing; figures that should be 0 and are not stand out."""
    names = list(rows[0]) if rows else []
    head = "".join(f"<th>{html.escape(name.replace('_', ' '))}</th>" for name in names)
    body = "".join(f"<tr>{''.join(_cell(name, row[name]) for name in names)}</tr>" for row in rows)
    title = f"Quality of {html.escape(place)}"
    faults = {name: sum(row[name] or 0 for row in rows) for name in _FAULTS}
    told = ", ".join(f"{count} {name}" for name, count in faults.items())
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1><p>{len(rows)} symbol days: {told}.</p>"
        f"<div><table><tr>{head}</tr>{body}</table></div></html>\n"
    )


def _cell(name: str, value: object) -> str:
    bad = ' class="bad"' if name in _FAULTS and value else ""
    text = "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return f"<td{bad}>{html.escape(text)}</td>"
