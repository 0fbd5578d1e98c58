"""What came of providing liquidity: fees, impermanent loss, loss versus rebalancing, gas, and the sum of it.

catalogue: S4, P4. Amounts are whole smallest units; values are floats in smallest units of token 1, at the price of the
reference (token 1 for one token 0, both in smallest units), because they are for people and decide nothing.

- **Impermanent loss**: the position without fees, against holding what was brought.
- **Loss versus rebalancing** (Milionis, Moallemi, Roughgarden, Zhang, "Automated Market Making and
  Loss-Versus-Rebalancing", 2022): a portfolio that holds at every moment as much of token 0 as the position does, and
  trades at the reference price, earns the sum of x(i) * (p(i+1) - p(i)); what the position gained less than that was
  taken by those who knew the price. Between two marks the liquidity must be the same, so there is one before and one
  after each of the strategy's own calls.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from native._core import InputError

_YEAR_S = 365 * 86_400


@dataclass(frozen=True)
class Mark:
    """Everything that is owned at one moment.

    `position` are the amounts that the liquidity would give back, `owed` the fees in it, `wallet` what is outside the
    pool; `gas` is what was paid for it so far, and `hedge` what the hedge has earned so far, both in value. `moved`
    says that the strategy's own calls lie between the mark before and this one.
    """

    time_s: int
    price: float
    position: tuple[int, int]
    owed: tuple[int, int]
    wallet: tuple[int, int]
    gas: float = 0.0
    hedge: float = 0.0
    in_range: bool = False
    moved: bool = False

    @property
    def value(self) -> float:
        """All of it."""
        amounts = [sum(parts) for parts in zip(self.position, self.owed, self.wallet, strict=True)]
        return worth(amounts, self.price) + self.hedge - self.gas


def worth(amounts: Sequence[int], price: float) -> float:
    """Amounts of both tokens in units of token 1."""
    return amounts[0] * price + amounts[1]


@dataclass(frozen=True)
class Performance:
    """A run in figures. Values are of token 1 in smallest units, shares are of the value at the begin.

    `fees` are exact: what was collected and what is owed at the end, in both tokens. `sharpe` is that of the value from
    mark to mark, by the year, without a riskless rate; None where the value never moved.
    """

    begin: float
    end: float
    fees: tuple[int, int]
    fees_value: float
    impermanent_loss: float
    loss_versus_rebalancing: float
    gas: float
    hedge: float
    drawdown: float
    in_range: float
    sharpe: float | None
    seconds: int

    @property
    def profit(self) -> float:
        """What was earned, over everything."""
        return self.end - self.begin

    @property
    def against_holding(self) -> float:
        """What was earned over holding what was brought."""
        return self.fees_value + self.impermanent_loss + self.hedge - self.gas


def judge(marks: Sequence[Mark], collected: tuple[int, int]) -> Performance:
    """The figures of a run: its marks in the order of time, and the fees that were collected in it, exact.

    InputError for fewer than two marks.
    """
    if len(marks) < 2:
        raise InputError(f"a run must have two marks or more, was {len(marks)}")
    first, last = marks[0], marks[-1]
    fees = (collected[0] + last.owed[0], collected[1] + last.owed[1])
    fees_value = worth(fees, last.price)
    held = worth([a + b + c for a, b, c in zip(first.position, first.owed, first.wallet, strict=True)], last.price)
    without_fees = last.value + last.gas - last.hedge - fees_value
    values = [mark.value for mark in marks]
    return Performance(
        begin=values[0],
        end=values[-1],
        fees=fees,
        fees_value=fees_value,
        impermanent_loss=without_fees - held,
        loss_versus_rebalancing=rebalancing_loss(marks),
        gas=last.gas,
        hedge=last.hedge,
        drawdown=_drawdown(values),
        in_range=_in_range(marks),
        sharpe=_sharpe(marks, values),
        seconds=last.time_s - first.time_s,
    )


def rebalancing_loss(marks: Sequence[Mark]) -> float:
    """What the position gained less than the rebalancing portfolio: above 0 where informed traders earned it."""
    lost = 0.0
    for before, after in pairwise(marks):
        if not after.moved:
            rebalanced = before.position[0] * (after.price - before.price)
            lost += rebalanced - (worth(after.position, after.price) - worth(before.position, before.price))
    return lost


def _drawdown(values: Sequence[float]) -> float:
    """The deepest fall from a peak, as a share of the value at the begin."""
    peak, deepest = values[0], 0.0
    for value in values:
        peak = max(peak, value)
        deepest = max(deepest, peak - value)
    return deepest / values[0] if values[0] else 0.0


def _in_range(marks: Sequence[Mark]) -> float:
    """The share of the time in which the liquidity earned."""
    seconds = marks[-1].time_s - marks[0].time_s
    earning = sum(after.time_s - before.time_s for before, after in pairwise(marks) if before.in_range)
    return earning / seconds if seconds else 0.0


def _sharpe(marks: Sequence[Mark], values: Sequence[float]) -> float | None:
    """Mean over deviation of the value's changes, scaled to a year by how many there were."""
    changes = [after - before for before, after in pairwise(values)]
    mean = math.fsum(changes) / len(changes)
    variance = math.fsum((change - mean) ** 2 for change in changes) / len(changes)
    seconds = marks[-1].time_s - marks[0].time_s
    if variance <= 0 or seconds <= 0:
        return None
    return mean / math.sqrt(variance) * math.sqrt(len(changes) * _YEAR_S / seconds)
