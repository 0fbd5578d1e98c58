"""Pools to begin with: a made-up one that every run has, or a recorded state from a file.

catalogue: S4.
"""

from __future__ import annotations

from pathlib import Path

from native._core import ClammPool, TickwrightError
from pycore.errors import InputError

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


def load(file: Path) -> ClammPool:
    """A pool's state as `ClammPool.to_bytes` wrote it. Raises `InputError` that names the file."""
    try:
        return ClammPool.from_bytes(file.read_bytes())
    except (OSError, TickwrightError) as error:
        raise InputError(f"--pool must be a file that ClammPool.to_bytes wrote, was {file} ({error})") from None
