"""A day of a concentrated-liquidity pool, seeded or recorded: its events as rows, and as one batch of logs.

catalogue: S4, M6. A batch is what `ClammPool.follow_batch` takes: arrays, and no object an event.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from bench import clamm_pool
from feeds.chain.pool_file import open_pool
from feeds.chain.pool_logs import EVENTS, Event
from feeds.chain.pool_state import LogBatch, log_batch
from native._core import ClammMath, ClammPool
from sim.clamm.recorded import Row, completed, rows

OWNER = "0x" + "77" * 20
#: How often the recorded day had which event (WBTC/WETH 0.3 %, 2023-03-31): what is drawn where no day is given.
MIX = {"Swap": 329, "Mint": 19, "Burn": 31}
#: Where the recorded day lies beside a checkout, and its two files.
FOLDER = Path(__file__).parents[2] / "shared/data/clamm/univ3_wbtc_weth_3000_20230331"
STATE, EVENTS_FILE = "pool_before_16944668.json.gz", "events_16944669_16951788.json.gz"


def minted() -> ClammPool:
    """The pool of the benchmark with its positions, half a tick above its tick's price."""
    made, math = ClammPool(clamm_pool.FEE, clamm_pool.SPACING), ClammMath()
    low, high = (math.sqrt_price_at_tick(clamm_pool.TICK + at) for at in (0, 1))
    made.initialize((low + high) // 2, 1)
    for each in clamm_pool.positions():
        made.mint(OWNER, each.lower, each.upper, each.liquidity, 1)
    return made


def seeded(pool: ClammPool, seed: int) -> list[Row]:
    """As many events as the recorded day had, in a drawn order; swaps go both ways, burns take what was minted."""
    dice, own = random.Random(seed), pool.copy()
    kinds = [kind for kind, many in MIX.items() for _ in range(many)]
    dice.shuffle(kinds)
    held = [(each.lower, each.upper, each.liquidity) for each in clamm_pool.positions()[1:]]
    found = []
    for block, kind in enumerate(kinds, start=2):
        if kind == "Swap":
            way = dice.random() < 0.5
            done = own.swap(way, dice.randint(10**14, 10**17) if not way else dice.randint(10**5, 10**8), None, block)
            fields = done._asdict()
        else:
            lower, upper, liquidity = dice.choice(held)
            if kind == "Burn":
                held.remove((lower, upper, liquidity))
                amount0, amount1 = own.burn(OWNER, lower, upper, liquidity, block)
            else:
                held.append((lower, upper, liquidity))
                amount0, amount1 = own.mint(OWNER, lower, upper, liquidity, block)
            fields = {"owner": OWNER, "lower": lower, "upper": upper, "liquidity": liquidity}
            fields |= {"amount0": amount0, "amount1": amount1}
        found.append(Row(kind, fields, block, block))
    return found


def recorded(state: Path, events: Path) -> tuple[ClammPool, list[Row]]:
    """A recorded pool and what happened to it, with the positions that the events touch."""
    told = rows(events)
    return completed(open_pool(state, "state"), told), told


def logs(pool: ClammPool, told: Iterable[Row]) -> LogBatch:
    """The rows as the pool's bytecode would have logged them. What a row does not tell, the pool says, or it is 0.

    RuntimeError where a row is not the pool's.
    """
    own, found = pool.copy(), []
    for row in told:
        fields = dict(row.fields)
        if row.name == "Burn" and fields["amount0"] is None:
            key = fields["owner"], fields["lower"], fields["upper"], fields["liquidity"]
            fields["amount0"], fields["amount1"] = own.burn(*key, row.time_s)
        else:
            _, difference = own.follow_row(row.name, fields, row.time_s, True)
            if difference is not None:
                raise RuntimeError(f"{row.name} in block {row.block}: {difference}")
        event = next(event for event in EVENTS if event.name == row.name)
        found.append((*_words(event, fields), row.block, row.time_s))
    return log_batch(found)


def _words(event: Event, fields: dict[str, int | str]) -> tuple[list[bytes], bytes]:
    """Topics and data of a log."""
    topics, data = [event.topic], b""
    for parameter in event.parameters:
        value = fields.get(parameter.name, 0)
        number = int(value, 16) if isinstance(value, str) else value
        word = (number % (1 << 256)).to_bytes(32, "big")
        if parameter.indexed:
            topics.append(word)
        else:
            data += word
    return topics, data
