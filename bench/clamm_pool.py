"""The pool of the CLAMM benchmarks: one seedless pool whose swaps cross 0, 1, 10 or 100 ticks, and amounts that do.

catalogue: S4. Imports nothing of ours, because peers in environments of their own swap in the same pool.
"""

from __future__ import annotations

from dataclasses import dataclass

#: How many initialised ticks a swap crosses.
CROSSINGS = (0, 1, 10, 100)
SPACING, FEE = 60, 3000
#: USDC/WETH as it stood early in 2024, near enough: the price of token 1 in token 0's units.
TICK = 201_234
#: The positions: one over the whole range, and narrow ones around each tick of the spacing, a little different each.
WHOLE, NARROW, COUNT = 20 * 10**18, 10**18, 150


@dataclass(frozen=True)
class Position:
    """Liquidity between two ticks."""

    lower: int
    upper: int
    liquidity: int


def positions() -> list[Position]:
    """Every position of the pool."""
    end, base = 887_272 // SPACING * SPACING, TICK // SPACING * SPACING
    narrow = (Position(base - at * SPACING, base + (at + 1) * SPACING, NARROW + at * 12_345) for at in range(1, COUNT))
    return [Position(-end, end, WHOLE), *narrow]


def nets() -> dict[int, int]:
    """Net liquidity by tick, in rising order."""
    found: dict[int, int] = {}
    for each in positions():
        found[each.lower] = found.get(each.lower, 0) + each.liquidity
        found[each.upper] = found.get(each.upper, 0) - each.liquidity
    return dict(sorted(found.items()))


def active() -> int:
    """The liquidity in range."""
    return sum(each.liquidity for each in positions() if each.lower <= TICK < each.upper)
