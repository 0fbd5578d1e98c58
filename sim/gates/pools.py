"""Pools to begin with: a made-up one that every run has, or a recorded state from a file.

catalogue: S4.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from feeds.chain.pool_state import full_state, tick_map
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
    """A pool's state: JSON of a full state or of a tick map (also gzipped), or what `ClammPool.to_bytes` wrote.

    Raises `InputError` that names the file.
    """
    try:
        if ".json" not in file.suffixes:
            return ClammPool.from_bytes(file.read_bytes())
        raw = file.read_bytes()
        document = json.loads(gzip.decompress(raw) if file.suffix == ".gz" else raw)
        return ClammPool.from_state(full_state(document) if "data" in document else tick_map(document))
    except (OSError, EOFError, ValueError, LookupError, TypeError, TickwrightError) as error:
        raise InputError(f"--pool must be a file with a pool's state, was {file} ({error})") from None
