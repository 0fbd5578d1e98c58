"""A liquidity backtest as one HTML file: what came of it, where the range lay, what was earned, how the pool stood.

catalogue: S4, S7. Figures are in whole tokens of token 1; what moved is exact and in smallest units in `result.json`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, pairwise

from pycore.lp.strategy import Tokens
from sim.clamm import pictures
from sim.clamm.backtest import Action
from sim.clamm.performance import Mark, Performance, rebalancing_loss, worth
from sim.clamm.pictures import Curves, Stay
from sim.report.frame import frame, section, table, tiles

#: A table of calls longer than this is cut: the rest is in the Parquet file.
_ROWS_MAX = 60


@dataclass(frozen=True)
class Told:
    """What a page is made of. `segments` are the pool's at the end: two ticks and the liquidity between."""

    title: str
    symbols: tuple[str, str]
    tokens: Tokens
    marks: Sequence[Mark]
    pool_prices: Sequence[int]
    actions: Sequence[Action]
    figures: Performance
    segments: Sequence[tuple[int, int, int]]
    facts: Mapping[str, str]

    @property
    def unit(self) -> str:
        """What prices are in."""
        return f"{self.symbols[1]} for one {self.symbols[0]}"

    def whole(self, value: float) -> float:
        """A value in whole tokens 1."""
        return value / 10.0**self.tokens.decimals1


def html(told: Told) -> str:
    """The whole page."""
    curves, kept = _curves(told), stays(told)
    price = curves.price[-1]
    segments = [
        (told.tokens.price_at(lower), told.tokens.price_at(upper), amount) for lower, upper, amount in told.segments
    ]
    begin, end = (datetime.fromtimestamp(at, UTC) for at in (curves.times_s[0], curves.times_s[-1]))
    return frame(
        told.title,
        f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC; values in {told.symbols[1]} at the reference price",
        [
            section("Summary", _summary(told), wide=True),
            section("Range", pictures.ranges(curves, kept, told.unit), note="Where the liquidity lay, and the price."),
            section("Value", pictures.value(curves, told.symbols[1]), note="Held: what was brought, left alone."),
            section(
                "Earned",
                pictures.earned(curves, told.symbols[1]),
                note="Loss versus rebalancing: what those who knew the price outside took.",
            ),
            section("Liquidity", pictures.liquidity(segments, price, kept[-1:], told.unit), note="At the end."),
            section("Calls", _calls(told), wide=True),
            section(
                "Session", table([{"fact": name, "value": value} for name, value in told.facts.items()]), wide=True
            ),
        ],
    )


def _summary(told: Told) -> str:
    figures = told.figures
    amounts = [
        f"{amount / 10.0**d:,.6g} {s}" for amount, d, s in zip(figures.fees, told.tokens, told.symbols, strict=True)
    ]
    days = figures.seconds / 86_400
    return tiles(
        [
            (f"profit, {told.symbols[1]}", _signed(told.whole(figures.profit)), f"over {days:,.2f} days"),
            ("over holding", _signed(told.whole(figures.against_holding)), f"of {told.whole(figures.begin):,.6g}"),
            ("fees", f"{told.whole(figures.fees_value):,.6g}", ", ".join(amounts)),
            ("impermanent loss", _signed(told.whole(figures.impermanent_loss)), "against holding"),
            ("loss versus rebalancing", f"{told.whole(figures.loss_versus_rebalancing):,.6g}", "to informed traders"),
            ("gas", f"{told.whole(figures.gas):,.6g}", f"{len(told.actions)} calls"),
            ("in range", f"{figures.in_range:.1%}", "of the time"),
            ("deepest fall", f"{figures.drawdown:.2%}", "of the value at the begin"),
            ("sharpe", "none" if figures.sharpe is None else f"{figures.sharpe:,.2f}", "by the year"),
        ]
    )


def _signed(value: float) -> str:
    return f"{value:+,.6g}"


def _curves(told: Told) -> Curves:
    marks, whole = told.marks, told.whole
    unit = 10.0 ** (told.tokens.decimals0 - told.tokens.decimals1)
    first = marks[0]
    brought = [sum(parts) for parts in zip(first.position, first.owed, first.wallet, strict=True)]
    held = [worth(brought, mark.price) for mark in marks]
    fees = _fees(told)
    lost = accumulate((0.0, *(rebalancing_loss([before, after]) for before, after in pairwise(marks))))
    return Curves(
        times_s=[mark.time_s for mark in marks],
        price=[told.tokens.price(price) for price in told.pool_prices],
        reference=[mark.price * unit for mark in marks],
        value=[whole(mark.value) for mark in marks],
        held=[whole(value) for value in held],
        fees=[whole(value) for value in fees],
        impermanent=[
            whole(mark.value + mark.gas - mark.hedge - earned - value)
            for mark, value, earned in zip(marks, held, fees, strict=True)
        ],
        rebalancing=[whole(value) for value in lost],
        gas=[whole(mark.gas) for mark in marks],
    )


def _fees(told: Told) -> list[float]:
    """Fees so far in value: what is owed, and what was collected before, at the price of the moment."""
    collected, last, found = [0, 0], (0, 0), []
    for mark in told.marks:
        if mark.moved:  # what was owed and is not any more is in the wallet
            collected = [
                sum_ + max(0, before - now) for sum_, before, now in zip(collected, last, mark.owed, strict=True)
            ]
        found.append(worth([a + b for a, b in zip(collected, mark.owed, strict=True)], mark.price))
        last = mark.owed
    return found


def stays(told: Told) -> list[Stay]:
    """The ranges that were kept, from each mint to the burn after it."""
    end_s, kept, begun = told.marks[-1].time_s, list[Stay](), None
    for action in told.actions:
        if action.why or action.lower is None or action.upper is None:
            continue
        if action.call == "MintRange":
            begun = action
        elif action.call == "BurnRange" and begun is not None:
            kept.append(_stay(told, begun, action.time_s))
            begun = None
    if begun is not None:
        kept.append(_stay(told, begun, end_s))
    return kept


def _stay(told: Told, begun: Action, end_s: int) -> Stay:
    prices = sorted(told.tokens.price_at(tick) for tick in (begun.lower or 0, begun.upper or 0))
    return Stay(begun.time_s, end_s, prices[0], prices[1])


def _calls(told: Told) -> str:
    rows = [
        {
            "call": action.call,
            "block": str(action.block),
            "range": "" if action.lower is None else f"{action.lower} .. {action.upper}",
            told.symbols[0]: f"{action.amount0 / 10.0**told.tokens.decimals0:+,.8g}",
            told.symbols[1]: f"{action.amount1 / 10.0**told.tokens.decimals1:+,.8g}",
            "gas": f"{told.whole(action.gas):,.4g}",
            "outcome": action.why or "done",
        }
        for action in told.actions[:_ROWS_MAX]
    ]
    return table(rows)


def segments_of(ticks: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """The liquidity between neighbouring initialised ticks, from (tick, net liquidity) in order."""
    found, amount = [], 0
    for (lower, net), (upper, _) in pairwise(ticks):
        amount += net
        found.append((lower, upper, amount))
    return found
