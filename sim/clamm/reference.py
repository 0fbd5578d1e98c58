"""The price outside a pool: Chainlink rounds or bars of an exchange, as what was known at each moment.

catalogue: S4, R7. A price holds from the moment it was published until the next one. What is asked for before the
first, or so long after the last that it cannot be believed, is an error: a backtest never looks ahead and never makes a
price up. Chainlink's rounds: <https://docs.chain.link/data-feeds/api-reference>; a proxy's round id is the phase (which
aggregator) shifted left by 64 bits and the aggregator's own round.
"""

from __future__ import annotations

import csv
import gzip
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa

from native._core import InputError

#: Chainlink's ETH/USD and BTC/USD answer at least every hour; a little more is a late block.
AGE_S_MAX = 3_900
#: Columns of a file of rounds: this house's and that of the proxy's getters.
_ROUND, _ANSWER, _UPDATED = ("round", "roundId"), ("answer",), ("update", "updatedAt")


@dataclass(frozen=True)
class Reference:
    """Prices by the second they were published in, sorted; `age_s_max` is how long the last one is believed, s."""

    times_s: tuple[int, ...]
    prices: tuple[float, ...]
    age_s_max: int = AGE_S_MAX

    def __post_init__(self) -> None:
        """InputError for none, for unsorted times, and for prices that are none."""
        if not self.times_s or len(self.times_s) != len(self.prices):
            raise InputError(
                f"reference must have a price for each time, was {len(self.times_s)} and {len(self.prices)}"
            )
        if any(later < before for before, later in zip(self.times_s, self.times_s[1:], strict=False)):
            raise InputError("reference.times_s must be sorted, was not")
        for price in self.prices:
            if not 0 < price < 1e60:
                raise InputError(f"reference.prices must be above 0 and finite, was {price}")

    def at(self, time_s: int) -> float:
        """The price that was known at a time. InputError before the first, and where the last is too old."""
        place = bisect_right(self.times_s, time_s) - 1
        if place < 0:
            raise InputError(f"time_s must be {self.times_s[0]} or later for this reference, was {time_s}")
        age_s = time_s - self.times_s[place]
        if age_s > self.age_s_max:
            raise InputError(f"reference must be at most {self.age_s_max} s old at {time_s}, was {age_s} s")
        return self.prices[place]

    def over(self, other: Reference) -> Reference:
        """This price in units of another one: BTC/USD over ETH/USD is BTC in ETH."""
        first = max(self.times_s[0], other.times_s[0])
        times = sorted({time for time in (*self.times_s, *other.times_s) if time >= first})
        age = min(self.age_s_max, other.age_s_max)
        kept = [time for time in times if _believed(self, time) and _believed(other, time)]
        return Reference(tuple(kept), tuple(self.at(time) / other.at(time) for time in kept), age)

    def scaled(self, factor: float) -> Reference:
        """Every price times a number: from whole tokens to smallest units."""
        return Reference(self.times_s, tuple(price * factor for price in self.prices), self.age_s_max)

    def inverted(self) -> Reference:
        """One over every price: the other token's."""
        return Reference(self.times_s, tuple(1.0 / price for price in self.prices), self.age_s_max)


def _believed(reference: Reference, time_s: int) -> bool:
    place = bisect_right(reference.times_s, time_s) - 1
    return place >= 0 and time_s - reference.times_s[place] <= reference.age_s_max


def chainlink(path: Path, *, decimals: int = 8, age_s_max: int = AGE_S_MAX) -> Reference:
    """Rounds from a file of a proxy's getters (CSV, `.gz` or not), newest or oldest first.

    Where two aggregators overlap in time, the newer phase counts from its first round on. Empty rounds are left out.
    """
    rounds: list[tuple[int, int, int]] = []
    with _opened(path) as file:
        for row in csv.DictReader(file):
            number, answer, updated = (_whole(path, row, names) for names in (_ROUND, _ANSWER, _UPDATED))
            if updated > 0 and answer > 0:
                rounds.append((number >> 64, updated, answer))
    kept = list(_by_phase(rounds))
    return Reference(tuple(time for time, _ in kept), tuple(answer / 10**decimals for _, answer in kept), age_s_max)


def _by_phase(rounds: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """Each aggregator's rounds up to the first of the next one."""
    ordered = sorted(rounds)
    begins: dict[int, int] = {}
    for phase, updated, _ in ordered:
        begins.setdefault(phase, updated)
    phases = sorted(begins)
    ends = {phase: min((begins[later] for later in phases if later > phase), default=2**62) for phase in phases}
    found = sorted((updated, answer) for phase, updated, answer in ordered if updated < ends[phase])
    return iter(found)


def klines(rows: pa.Table, *, age_s_max: int = 2 * 3_600) -> Reference:
    """Closing prices of a venue's bars (the lake's table `klines`), each known when its interval has ended."""
    if not rows.num_rows:
        raise InputError("klines must have rows of that venue, symbol and bar, was empty")
    rows = rows.sort_by("end_ns")
    closes = zip(rows["close"].to_pylist(), rows["price_scale"].to_pylist(), strict=True)
    times = tuple(-(-end // 1_000_000_000) for end in rows["end_ns"].to_pylist())
    return Reference(times, tuple(close / 10**scale for close, scale in closes), age_s_max)


def _opened(path: Path) -> IO[str]:
    try:
        return gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="")
    except OSError as why:
        raise InputError(f"reference must be a file that can be read ({why.strerror}), was {path}") from None


def _whole(path: Path, row: dict[str, str], names: tuple[str, ...]) -> int:
    for name in names:
        if name in row:
            try:
                return int(row[name])
            except ValueError:
                raise InputError(f"{path}: {name} must be a whole number, was {row[name]}") from None
    raise InputError(f"{path} must have a column {' or '.join(names)}, was {', '.join(row)}")
