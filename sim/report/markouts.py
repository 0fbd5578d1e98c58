"""Markouts: where the mid stood some time after a fill, in basis points of the fill's price.

catalogue: S7. Signs and check values are those of research.md: a taker buys at 100.02 while the mid is 100, and later
it is 100.03. Effective spread 4 bp = impact 6 bp + realised spread -2 bp; the maker's markout is -0.99980004 bp. So an
own fill's markout is positive where the mid went the way of the position that the fill made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BUY, SELL = 0, 1
#: The horizons of a report, in seconds; 0 is the mid that stood when the fill's report came.
HORIZONS_S = (0.0, 0.1, 1.0, 5.0, 10.0)
_BP = 1e4

Floats = NDArray[np.float64]
Times = NDArray[np.int64]


def effective_bp(taker_sign: int, price: float, mid: float) -> float:
    """Twice the distance of a trade from the mid before it, bp of that mid; `taker_sign` is +1 buy, -1 sell."""
    return 2 * taker_sign * (price - mid) / mid * _BP


def impact_bp(taker_sign: int, mid: float, mid_later: float) -> float:
    """Twice the way the mid went with the taker, bp of the mid before the trade."""
    return 2 * taker_sign * (mid_later - mid) / mid * _BP


def realised_bp(taker_sign: int, price: float, mid: float, mid_later: float) -> float:
    """What is left of the effective spread for the maker after the impact, bp of the mid before the trade."""
    return 2 * taker_sign * (price - mid_later) / mid * _BP


def markout_bp(side: int, price: float, mid_later: float) -> float:
    """The own fill's markout, bp of its price; `side` is that of the own order (0 buy, 1 sell)."""
    return (1 if side == BUY else -1) * (mid_later - price) / price * _BP


@dataclass(frozen=True)
class Markout:
    """Mean and standard error, bp, of `count` fills at one horizon; the error is NaN below two fills."""

    horizon_s: float
    count: int
    mean_bp: float
    error_bp: float


@dataclass(frozen=True)
class Mids:
    """The mid over time: `ts` rising, ns; `values` in quote, NaN where there was no book; known until `end_ns`."""

    ts: Times
    values: Floats
    end_ns: int

    def at(self, wanted: Times) -> Floats:
        """The last mid at or before each wanted time; NaN before the first and after the end."""
        out = np.full(len(wanted), np.nan)
        if len(self.ts):
            at = np.searchsorted(self.ts, wanted, side="right") - 1
            known = (at >= 0) & (wanted <= self.end_ns)
            out[known] = self.values[at[known]]
        return out


def of_fills(sides: Sequence[int], prices: Floats, when: Times, mids: Mids) -> list[Floats]:
    """The markout of every fill at every horizon, bp; NaN where the journal ends before the horizon."""
    signs = np.where(np.asarray(sides) == BUY, 1.0, -1.0)
    return [signs * (mids.at(when + round(horizon_s * 1e9)) - prices) / prices * _BP for horizon_s in HORIZONS_S]


def summary(samples: Sequence[Floats]) -> list[Markout]:
    """Mean and standard error at each horizon over the fills that have one."""
    rows = []
    for horizon_s, all_values in zip(HORIZONS_S, samples, strict=True):
        values = all_values[~np.isnan(all_values)]
        count = len(values)
        mean = float(values.mean()) if count else float("nan")
        error = float(values.std(ddof=1) / np.sqrt(count)) if count > 1 else float("nan")
        rows.append(Markout(horizon_s, count, mean, error))
    return rows
