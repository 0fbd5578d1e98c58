"""The pool to begin with where no file gives one.

catalogue: S4.
"""

from __future__ import annotations

from native._core import ClammPool

_FEE, _SPACING = 3000, 60
_PRICE_ONE = 1 << 96
_OTHERS = "0x" + "07" * 20
#: (lower, upper, liquidity) of the made-up pool: wide, narrow, on one side, and one spacing each.
_RANGES = (
    (-887220, 887220, 10**20),
    (-6000, 6000, 3 * 10**20),
    (-600, 1200, 10**21),
    (-60, 60, 7 * 10**20),
    (60, 120, 10**19),
    (-240, -60, 5 * 10**20),
)


def usual() -> ClammPool:
    """A pool at price 1 and fee 0.3 % with six positions of somebody else."""
    pool = ClammPool(_FEE, _SPACING)
    pool.initialize(_PRICE_ONE, 1_600_000_000)
    for lower, upper, liquidity in _RANGES:
        pool.mint(_OTHERS, lower, upper, liquidity, 1_600_000_000)
    return pool
