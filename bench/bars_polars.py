"""Bars out of ten million trades in one pass, beside Polars' group-by of the same columns.

catalogue: M8. Trades of one instrument in order, seeded; bars of a minute with open, high, low, close, volume, what
takers bought, notional and count. Both start from the same numpy columns, and their bars must be equal or there is no
figure. CPU time of the process over all its threads, median of five alternating rounds; wall time stands beside it.
Polars is asked in the two ways it has: a group-by of the minute, and `group_by_dynamic`, which knows that times are
sorted.

example: python -m bench.bars_polars [TRADES]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from feeds import bars

ROUNDS = 5
MINUTE_NS = bars.INTERVALS_NS["1m"]
#: The bit of a record's flags that says that the taker sold.
SELL = 2
COMPARED = ("begin_ns", "open", "high", "low", "close", "volume", "buy_volume", "notional", "trades")
#: Bars by the names of `COMPARED`.
Bars = dict[str, np.ndarray[Any, Any]]


def trades(count: int) -> Bars:
    """The columns of `count` trades: some 250 a second, a price that walks."""
    random = np.random.default_rng(1)
    return {
        "ts_ns": 1_700_000_000 * 10**9 + np.cumsum(random.integers(1, 8_000_000, count, "i8")),
        "id": np.arange(1, count + 1, dtype="u8"),
        "price": 6_000_000 + np.cumsum(random.integers(-3, 4, count, "i8")),
        "qty": random.integers(1, 100_000, count, "i8"),
        "flags": (random.integers(0, 2, count, "i8") * SELL).astype("u4"),
    }


def ours(columns: Bars) -> Bars:
    """One pass of the core's builder, and the bar that is still open at its end."""
    builder = bars.builder("1m", 2, 5)
    done = builder.batch(*(columns[name] for name in ("ts_ns", "id", "price", "qty", "flags")))
    found = bars.rows(done + builder.open())
    return {name: found["notional_low" if name == "notional" else name].astype("i8") for name in COMPARED}


def grouped(columns: Bars) -> Bars:
    """Polars, grouping by the minute's begin."""
    begin = (pl.col("ts_ns") // MINUTE_NS * MINUTE_NS).alias("begin_ns")
    return _bars(pl.DataFrame(columns).group_by(begin, maintain_order=True).agg(*_figures()))


def dynamic(columns: Bars) -> Bars:
    """Polars, grouping by windows of a sorted column."""
    frame = pl.DataFrame(columns).with_columns(pl.col("ts_ns").set_sorted().alias("begin_ns"))
    return _bars(frame.group_by_dynamic("begin_ns", every=f"{MINUTE_NS}i").agg(*_figures()))


def _figures() -> list[pl.Expr]:
    price, qty = pl.col("price"), pl.col("qty")
    return [
        price.first().alias("open"),
        price.max().alias("high"),
        price.min().alias("low"),
        price.last().alias("close"),
        qty.sum().alias("volume"),
        (qty * (pl.col("flags") & SELL == 0)).sum().alias("buy_volume"),
        (price * qty).sum().alias("notional"),
        pl.len().cast(pl.Int64).alias("trades"),
    ]


def _bars(frame: pl.DataFrame) -> Bars:
    return {name: frame[name].to_numpy() for name in COMPARED}


def main(words: list[str]) -> int:
    """Prints the table; 0 where ours is at least as fast as both, else 1."""
    count = int(words[0]) if words else 10_000_000
    columns = trades(count)
    ways: dict[str, Callable[[Bars], Bars]] = {
        "ours, one pass": ours,
        "Polars, group_by": grouped,
        "Polars, group_by_dynamic": dynamic,
    }
    wanted = ours(columns)
    for name, way in ways.items():
        found = way(columns)
        if any(not np.array_equal(found[column], wanted[column]) for column in COMPARED):
            raise RuntimeError(f"{name} makes other bars")
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            way(columns)
            spent[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    print(f"{count} trades to bars of a minute ({len(wanted['open'])}), median of {ROUNDS} alternating rounds:")
    medians = {
        name: [statistics.median(times) for times in zip(*rounds, strict=True)] for name, rounds in spent.items()
    }
    for name, (cpu, wall) in medians.items():
        print(f"{name:<26} {cpu / count * 1e9:>7.1f} ns a trade (CPU) {wall / count * 1e9:>7.1f} ns (wall)")
    (own, _), *others = medians.values()
    print(f"{'figure':<58} {'goal':>10} {'measured':>8}")
    missed = 0
    for name, (cpu, _) in zip(list(ways)[1:], others, strict=True):
        word = "met" if cpu >= own else "MISSED"
        missed += cpu < own
        print(f"{'bars, CPU, faster than ' + name:<58} {'>= 1x':>10} {cpu / own:>7.2f}x {word}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
