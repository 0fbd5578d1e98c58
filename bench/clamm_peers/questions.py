"""The pool and the questions that every program gets, as one JSON document.

catalogue: S4. A set for each count of crossings, exact inputs of token 0 spread over all that cross as many ticks; and
a set that is not timed, both directions, from one unit to all that the pool can take, so that what overflows shows.
"""

from __future__ import annotations

import random
from typing import Any

from bench import clamm_pool
from bench.clamm import pool, threshold

#: Questions of a timed set, and of the one that is only compared.
TIMED, COMPARED = 64, 512
#: The set that is only compared.
WIDE = "wide"


def asked(seed: int) -> dict[str, Any]:
    """The document: the pool (positions, ticks, price), and the sets by name."""
    dice, quotes = random.Random(seed), pool()
    sets = {}
    for crossings in clamm_pool.CROSSINGS:
        first = threshold(quotes, True, 1, crossings) if crossings else 1
        last = threshold(quotes, True, 1, crossings + 1) - 1
        sets[str(crossings)] = [[True, str(dice.randint(first, last))] for _ in range(TIMED)]
    sets[WIDE] = [[way, str(_any(dice, quotes.quote(way, 1 << 200)[0]))] for way in (True, False) * (COMPARED // 2)]
    gross: dict[int, int] = {}
    for each in clamm_pool.positions():
        for tick in (each.lower, each.upper):
            gross[tick] = gross.get(tick, 0) + each.liquidity
    return {
        "pool": {
            "fee": clamm_pool.FEE,
            "spacing": clamm_pool.SPACING,
            "price": str(quotes.sqrt_price),
            "tick": quotes.tick,
            "liquidity": str(quotes.liquidity),
            "positions": [[each.lower, each.upper, str(each.liquidity)] for each in clamm_pool.positions()],
            "ticks": [[tick, str(gross[tick]), str(net)] for tick, net in clamm_pool.nets().items()],
        },
        "sets": sets,
    }


def _any(dice: random.Random, most: int) -> int:
    """An amount below the most that the pool takes, every size of number as likely."""
    return min(dice.getrandbits(dice.randint(1, most.bit_length())) | 1, most - 1)
