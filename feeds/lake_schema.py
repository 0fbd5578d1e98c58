"""The data dictionary: the columns of every table of the lake, as Arrow schemas that describe themselves.

catalogue: M7, M10. docs/data.md is `document()`, and a test holds it so. Prices and sizes are integers with their count
of decimals beside them (`price * 10^-price_scale`), because a recording tells its tick only by its own numbers; times
are ns since the epoch, UTC.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

from feeds.binance import VENUES
from feeds.public import BOOKS_BY_REST


class _Column(NamedTuple):
    name: str
    type: pa.DataType
    says: str
    nullable: bool = False


_I64, _I8 = pa.int64(), pa.int8()
_OF = (
    _Column("venue", pa.string(), "Venue or feed: `binance-spot`, `okx`, .. (partition)"),
    _Column("symbol", pa.string(), "The venue's own symbol (partition)"),
)
_HEAD = (
    *_OF,
    _Column("day", pa.string(), "UTC day of `ts_venue`, where that is null of `ts_receive`: `2024-08-09` (partition)"),
    _Column("record", _I64, "Number of the message in its recording, from 0: orders what has the same time"),
    _Column("ts_receive", _I64, "When the recorder had it, ns"),
    _Column("ts_venue", _I64, "The venue's time of the event, ns; null where it sends none", nullable=True),
    _Column("id", pa.uint64(), "The venue's number: trade id, final update id; 0 where it sends none"),
)
_BAR = _Column("bar", pa.string(), "`1s 1m 5m 15m 1h 1d`, `tick:N`, `volume:N` (base), `dollar:N` (quote) (partition)")
_MONTH = _Column("month", pa.string(), "UTC month of `ts_venue`: `2025-09` (partition)")
_RECORD = _Column("record", _I64, "Number within its fetch or its recording: orders what has the same time")
_KNOWN = _Column("ts_receive", _I64, "When it could be known at the soonest, ns: a provider shows nothing before it")
_SCALES = (
    _Column("price_scale", _I8, "Decimals of the prices of this row"),
    _Column("qty_scale", _I8, "Decimals of the sizes of this row"),
)


def _said(name: str, says: str) -> _Column:
    return _Column(name, _I64, says, nullable=True)


_TABLES = {
    "trades": (
        "Public trades. One trade: (`venue`, `symbol`, `id`, `ts_venue`).",
        (
            *_HEAD,
            _Column("price", _I64, "Price"),
            _Column("qty", _I64, "Size"),
            _Column("flags", pa.uint32(), "2: the taker sold; 16: no market trade (insurance fund, ADL)"),
            *_SCALES,
        ),
    ),
    "levels": (
        "Changes and snapshots of L2 books, a level a row. One is (`venue`, `symbol`, `snapshot`, `id`, `ts_venue`).",
        (
            *_HEAD,
            _Column("first", pa.uint64(), "First update id of the message; of a snapshot, its id"),
            _Column("previous", pa.uint64(), "Final id of the message before it, or 0 where the venue does not say"),
            _Column("snapshot", pa.bool_(), "Whether the message replaces the whole book"),
            _Column("side", _I8, "0 bid, 1 ask"),
            _Column("price", _I64, "Price; null in the only row of a message without levels", nullable=True),
            _Column("qty", _I64, "Size now at the price; 0 removes the level"),
            *_SCALES,
        ),
    ),
    "tops": (
        "The venue's own best bid and offer. One message: (`venue`, `symbol`, `id`, `ts_venue`).",
        (
            *_HEAD,
            _Column("bid", _I64, "Best bid; null where there is none", nullable=True),
            _Column("bid_qty", _I64, "Size at it"),
            _Column("ask", _I64, "Best ask; null where there is none", nullable=True),
            _Column("ask_qty", _I64, "Size at it"),
            *_SCALES,
        ),
    ),
    "tickers": (
        "The venue's summary of an instrument as it changes; a column is null where a message does not say.",
        (
            *_HEAD,
            *(_said(name, f"Best {name}") for name in ("bid", "ask")),
            _said("last", "Price of the last trade"),
            _said("open", "Price 24 hours ago"),
            *(_said(name, f"{name.capitalize()}est price of 24 hours") for name in ("high", "low")),
            *(_said(f"{name}_qty", f"Size at the best {name}") for name in ("bid", "ask")),
            _said("last_qty", "Size of the last trade"),
            _said("volume", "Traded in 24 hours, in the unit of sizes"),
            _said("turnover", "Traded in 24 hours, in the other asset"),
            *_SCALES,
            _Column("turnover_scale", _I8, "Decimals of the turnover of this row"),
        ),
    ),
    "rates": (
        "Funding rates as they are published and change; `funding` has what was settled.",
        (
            *_HEAD,
            _said("rate", "Share of the position's value that longs will pay to shorts"),
            _said("next_ns", "When it is paid next, ns"),
            _Column("interval_ns", _I64, "From one payment to the next, ns; 0 where the venue does not say"),
            _Column("rate_scale", _I8, "Decimals of the rate of this row"),
        ),
    ),
    "interest": (
        "Open interest: how much of a contract is held open.",
        (
            *_HEAD,
            _said("qty", "In the unit of the instrument's sizes"),
            _said("value", "What that is worth"),
            _Column("qty_scale", _I8, "Decimals of `qty` of this row"),
            _Column("value_scale", _I8, "Decimals of `value` of this row"),
        ),
    ),
    "marks": (
        "Mark and index price.",
        (
            *_HEAD,
            _said("mark_price", "The price that positions are valued at"),
            _said("index_price", "The price of what the contract follows"),
            _Column("price_scale", _I8, "Decimals of both"),
        ),
    ),
    "liquidations": (
        "Orders by which the venue closed positions; their trades are among the trades, too.",
        (
            *_HEAD,
            _Column("sell", _I8, "1 where the order sells: a long is closed"),
            _said("price", "The price of the order"),
            _said("average", "The average price of what was filled"),
            _said("qty", "The size of the order"),
            _said("filled", "How much of it was filled"),
            *_SCALES,
        ),
    ),
    "klines": (
        "The venue's own bars, of `data backfill` and of recordings. One is (`venue`, `symbol`, `bar`, `id`).",
        (
            *_OF,
            _BAR,
            _MONTH,
            _RECORD,
            _KNOWN,
            _Column("ts_venue", _I64, "Begin of the interval, ns"),
            _Column("id", pa.uint64(), "The same: what tells one bar from another"),
            _Column("end_ns", _I64, "End of the interval (not in it), ns"),
            *(_Column(name, _I64, f"{name.capitalize()} price") for name in ("open", "high", "low", "close")),
            _Column("volume", _I64, "Volume as the venue counts it: base units, on some contracts contracts"),
            *_SCALES,
        ),
    ),
    "funding": (
        "Funding rates as they were settled, from `tickwright data backfill`. One is (`venue`, `symbol`, `id`).",
        (
            *_OF,
            _MONTH,
            _RECORD,
            _KNOWN,
            _Column("ts_venue", _I64, "When it was settled, ns"),
            _Column("id", pa.uint64(), "The same: what tells one from another"),
            _Column("rate", _I64, "Share of the position's value that longs paid to shorts"),
            _Column("rate_scale", _I8, "Decimals of the rate of this row"),
        ),
    ),
    "pools": (
        "Logs of liquidity pools on a chain, from `tickwright chain follow`, once their block is final. One log: `id`.",
        (
            *_HEAD,
            _Column("event", pa.string(), "`initialize swap mint burn sync donate ..`: the event's name"),
            _Column("block", _I64, "Number of its block"),
            _Column("log_index", pa.int32(), "Place in its block; `id` is `block * 2^20 + log_index`"),
            _Column("transaction", pa.string(), "Hash of its transaction"),
            _Column("owner", pa.string(), "Whose position, or who received", nullable=True),
            _Column("sender", pa.string(), "Who called the pool", nullable=True),
            *(_Column(name, pa.int32(), f"{name.capitalize()} tick", nullable=True) for name in ("lower", "upper")),
            _Column("tick", pa.int32(), "The pool's tick after it", nullable=True),
            _Column(
                "liquidity", pa.string(), "Of the position; after a swap, the pool's: a whole number", nullable=True
            ),
            _Column("amount0", pa.string(), "Smallest units of token 0, from the pool's side", nullable=True),
            _Column("amount1", pa.string(), "Smallest units of token 1, from the pool's side", nullable=True),
            _Column("sqrt_price", pa.string(), "Square root of the price after it, times 2^96", nullable=True),
            _Column("topics", pa.string(), "All topics, in hexadecimal"),
            _Column("data", pa.string(), "The data, in hexadecimal"),
        ),
    ),
    "bars": (
        "Bars of trades, built in the core: `data bars` makes them on reading, `capture --bars` stores them live.",
        (
            _Column("venue", pa.string(), "As in trades (partition)"),
            _Column("symbol", pa.string(), "As in trades (partition)"),
            _BAR,
            _Column("begin_ns", _I64, "Begin of the interval, ns; of a counted bar, its earliest trade"),
            _Column("end_ns", _I64, "End of the interval (not in it), ns; of a counted bar, its latest trade"),
            *(_Column(name, _I64, f"{name.capitalize()} price") for name in ("open", "high", "low", "close")),
            _Column("volume", _I64, "Sum of the sizes"),
            _Column("buy_volume", _I64, "Sum of the sizes that takers bought"),
            _Column("notional", pa.decimal128(38, 0), "Sum of price times size: `10^-(price_scale + qty_scale)` each"),
            _Column("trades", _I64, "How many trades"),
            *_SCALES,
        ),
    ),
}

#: What a recording becomes, in the order of the core's tables.
RECORDED = ("trades", "levels", "tops")
#: What a recording tells beside them, in the order of the core's figures.
FIGURES = ("tickers", "klines", "rates", "interest", "marks", "liquidations")
#: What is stored as files, by channel.
CHANNELS = (*RECORDED, *FIGURES, "funding", "bars", "pools")
#: Venues whose whole books come by REST and join the changes by number.
BY_NUMBER = (*VENUES, *sorted(BOOKS_BY_REST))
#: The directories that a file of a recording's channel lies in, from the outside.
PARTITIONS = pa.schema([("venue", pa.string()), ("symbol", pa.string()), ("day", pa.string())])
_MONTHLY = pa.schema([("venue", pa.string()), ("symbol", pa.string()), ("month", pa.string())])
_BARRED = pa.schema([("venue", pa.string()), ("symbol", pa.string()), ("bar", pa.string()), ("month", pa.string())])
#: The directories by channel. What has few rows a day lies by the month: a year of hours is twelve files, not 365.
PARTITIONED = {channel: PARTITIONS for channel in (*RECORDED, *FIGURES)}
PARTITIONED |= {"pools": PARTITIONS}
PARTITIONED |= {"klines": _BARRED, "funding": _MONTHLY, "bars": _BARRED}
#: What a stored bar has besides the columns of a bar: what the lake orders, chooses and tells apart by.
_STORED_BAR = (
    _MONTH,
    _RECORD,
    _Column("ts_receive", _I64, "When the trade that ended it was received, ns"),
    _Column("ts_venue", _I64, "`begin_ns` again"),
    _Column("id", pa.uint64(), "The same of a time bar; 0 of a counted one"),
)


def _schema(name: str) -> pa.Schema:
    return pa.schema([pa.field(column.name, column.type, column.nullable) for column in _columns(name)])


def _columns(name: str) -> tuple[_Column, ...]:
    columns = _TABLES[name][1]
    return (*columns[:3], *_STORED_BAR, *columns[3:]) if name == "bars" else columns


#: The whole schema of each table, partition columns included.
SCHEMAS = {name: _schema(name) for name in _TABLES}
#: The columns of a bar, made on reading or stored.
BARS = pa.schema([field for field in SCHEMAS["bars"] if field.name not in {column.name for column in _STORED_BAR}])
#: The columns within a file: the partition's are in its path.
STORED = {
    name: pa.schema([field for field in SCHEMAS[name] if field.name not in PARTITIONED[name].names])
    for name in CHANNELS
}


def document() -> str:
    """The data dictionary as Markdown: the part of docs/data.md that is made from the code."""
    parts = []
    for name, (says, _) in _TABLES.items():
        parts += [f"### {name}", "", says, "", "| column | type | is |", "|---|---|---|"]
        parts += [
            f"| `{column.name}` | {column.type}{' or null' if column.nullable else ''} | {column.says} |"
            for column in _columns(name)
        ]
        parts.append("")
    return "\n".join(parts)
