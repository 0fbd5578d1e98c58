"""The data dictionary: the columns of every table of the lake, as Arrow schemas that describe themselves.

catalogue: M7, M10. docs/data.md is `document()`, and a test holds it so. Prices and sizes are integers with their count
of decimals beside them (`price * 10^-price_scale`), because a recording tells its tick only by its own numbers; times
are ns since the epoch, UTC.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa


class _Column(NamedTuple):
    name: str
    type: pa.DataType
    says: str
    nullable: bool = False


_I64, _I8 = pa.int64(), pa.int8()
_HEAD = (
    _Column("venue", pa.string(), "Venue or feed: `binance-spot`, `okx`, .. (partition)"),
    _Column("symbol", pa.string(), "The venue's own symbol (partition)"),
    _Column("day", pa.string(), "UTC day of `ts_venue`, where that is null of `ts_receive`: `2024-08-09` (partition)"),
    _Column("record", _I64, "Number of the message in its recording, from 0: orders what has the same time"),
    _Column("ts_receive", _I64, "When the recorder had it, ns"),
    _Column("ts_venue", _I64, "The venue's time of the event, ns; null where it sends none", nullable=True),
    _Column("id", pa.uint64(), "The venue's number: trade id, final update id; 0 where it sends none"),
)
_SCALES = (
    _Column("price_scale", _I8, "Decimals of the prices of this row"),
    _Column("qty_scale", _I8, "Decimals of the sizes of this row"),
)
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
    "bars": (
        "Bars of trades, made on reading (`tickwright data bars`), not stored: they cannot differ from the trades.",
        (
            _Column("venue", pa.string(), "As in trades"),
            _Column("symbol", pa.string(), "As in trades"),
            _Column("bar", pa.string(), "`1s 1m 5m 15m 1h 1d`, `tick:N`, `volume:N` (base), `dollar:N` (quote)"),
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

#: What is stored as files, by channel.
CHANNELS = ("trades", "levels", "tops")
#: Venues whose whole books come by REST and join the changes by number.
BY_NUMBER = ("binance-spot", "binance-usdm", "binance-coinm", "bitstamp", "gate-spot", "kucoin-spot")
#: The directories that a file of the lake lies in, from the outside.
PARTITIONS = pa.schema([("venue", pa.string()), ("symbol", pa.string()), ("day", pa.string())])


def _schema(name: str) -> pa.Schema:
    return pa.schema([pa.field(column.name, column.type, column.nullable) for column in _TABLES[name][1]])


#: The whole schema of each table, partition columns included.
SCHEMAS = {name: _schema(name) for name in _TABLES}
BARS = SCHEMAS["bars"]
#: The columns within a file: the partition's are in its path.
STORED = {
    name: pa.schema([field for field in SCHEMAS[name] if field.name not in PARTITIONS.names]) for name in CHANNELS
}


def document() -> str:
    """The data dictionary as Markdown: the part of docs/data.md that is made from the code."""
    parts = []
    for name, (says, columns) in _TABLES.items():
        parts += [f"### {name}", "", says, "", "| column | type | is |", "|---|---|---|"]
        parts += [
            f"| `{column.name}` | {column.type}{' or null' if column.nullable else ''} | {column.says} |"
            for column in columns
        ]
        parts.append("")
    return "\n".join(parts)
