"""Bars from trades as Arrow tables, with the core's builder: the same code one trade at a time and over an archive.

catalogue: M8. A bar's rules (empty intervals, late and repeated trades, trades that are not split) stand in
native/core/src/bars.rs. A specification is `1s 1m 5m 15m 1h 1d`, or `tick:N` (trades), `volume:N` (base units) or
`dollar:N` (quote units) with a decimal N.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from native._core import BarBuilder, InputError

#: The bytes of one bar, as the core lays it out; `notional` is an i128, low half first.
BAR = np.dtype(
    [
        ("notional_low", "<u8"),
        ("notional_high", "<i8"),
        *((name, "<i8") for name in ("begin_ns", "end_ns", "open", "high", "low", "close")),
        *((name, "<i8") for name in ("volume", "buy_volume", "trades", "pad")),
    ]
)
#: The intervals of time bars, ns.
INTERVALS_NS = {
    "1s": 1_000_000_000,
    "1m": 60_000_000_000,
    "5m": 300_000_000_000,
    "15m": 900_000_000_000,
    "1h": 3_600_000_000_000,
    "1d": 86_400_000_000_000,
}
_COUNTED = ("tick", "volume", "dollar")


def builder(spec: str, price_scale: int, qty_scale: int) -> BarBuilder:
    """The builder of a specification, for prices and sizes with these decimals. InputError names a bad one."""
    if spec in INTERVALS_NS:
        return BarBuilder("time", INTERVALS_NS[spec])
    rule, _, text = spec.partition(":")
    if rule not in _COUNTED:
        known = ", ".join((*INTERVALS_NS, *(f"{name}:N" for name in _COUNTED)))
        raise InputError(f"bars must be one of {known}, was {spec}")
    scale = {"tick": 0, "volume": qty_scale, "dollar": price_scale + qty_scale}[rule]
    try:
        size = Decimal(text).scaleb(scale)
        whole = int(size)
    except (InvalidOperation, ValueError, OverflowError):
        raise InputError(f"N of {rule}:N must be a number, was {text!r}") from None
    if whole != size:
        raise InputError(f"N of {rule}:N must have at most {scale} decimals, was {text}")
    return BarBuilder(rule, whole)


def rows(packed: bytes) -> npt.NDArray[np.void]:
    """What a builder returned, as an array of `BAR`."""
    return np.frombuffer(packed, BAR)


def table(packed: bytes, schema: pa.Schema) -> pa.Table:
    """What a builder returned, as an Arrow table of the fields of `schema` that a bar has (see `lake_schema.BARS`)."""
    found = rows(packed)
    pairs = np.ascontiguousarray(found[["notional_low", "notional_high"]]).astype([("low", "<u8"), ("high", "<i8")])
    columns: dict[str, pa.Array] = {name: pa.array(np.ascontiguousarray(found[name])) for name in BAR.names or ()}
    notional = pa.py_buffer(pairs.tobytes())
    columns["notional"] = pa.Array.from_buffers(pa.decimal128(38, 0), len(found), [None, notional])
    chosen = [field for field in schema if field.name in columns]
    arrays = [columns[field.name].cast(field.type) for field in chosen]
    return pa.Table.from_arrays(arrays, schema=pa.schema(chosen))
