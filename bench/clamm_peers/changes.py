"""What mints, burns and a day of a pool cost the arrays that quotes are answered from.

catalogue: S4. CPU time, median of rounds; a change is done to the pool itself (`ClammPool`), then the quotes follow
(`ClammQuotes.moved`: what did not change is taken over), and the whole is set beside building them anew.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from bench import clamm_pool
from bench.clamm import cpu_ns
from bench.clamm_day import OWNER, minted, recorded, seeded
from native._core import ClammPool, ClammQuotes
from sim.clamm.recorded import Row

ROUNDS = 31
DAY_ROUNDS = 5


def follow(quotes: ClammQuotes, pool: ClammPool, nets: dict[int, int] | None) -> ClammQuotes:
    """The quotes after a change; `nets` where ticks changed."""
    if nets is None:
        return quotes.moved(pool.sqrt_price, pool.liquidity, pool.tick)
    ticks = sorted(nets)
    return quotes.moved(pool.sqrt_price, pool.liquidity, pool.tick, ticks, [nets[tick] for tick in ticks])


def turned(nets: dict[int, int], lower: int, upper: int, liquidity: int) -> None:
    """Adds liquidity to a table of ticks, or takes it away; one with nothing left stays: no quote changes."""
    nets[lower] = nets.get(lower, 0) + liquidity
    nets[upper] = nets.get(upper, 0) - liquidity


def rebuilds() -> None:
    """Prints what one mint and one burn cost, at ticks that exist and at new ones, near the price and far from it."""
    base = clamm_pool.TICK // clamm_pool.SPACING * clamm_pool.SPACING
    places = {"beside the price": (base - 600, base + 660), "far from it": (base - 60_000, base - 54_000)}
    pool = minted()
    quotes = pool.quotes()
    print(f"microseconds a change, {quotes.stops(True)} stops down and {quotes.stops(False)} up, median of {ROUNDS}:")
    for place, (lower, upper) in places.items():
        spent: dict[str, list[int]] = {"mint": [], "mint, quotes": [], "burn": [], "burn, quotes": [], "anew": []}
        for _ in range(ROUNDS):
            nets = clamm_pool.nets()
            spent["mint"].append(cpu_ns(lambda: pool.mint(OWNER, lower, upper, 10**17, 2)))  # noqa: B023  # called here
            turned(nets, lower, upper, 10**17)
            more: list[ClammQuotes] = []
            spent["mint, quotes"].append(cpu_ns(lambda: more.append(follow(quotes, pool, nets))))  # noqa: B023  # the same
            spent["anew"].append(cpu_ns(pool.quotes))
            spent["burn"].append(cpu_ns(lambda: pool.burn(OWNER, lower, upper, 10**17, 2)))  # noqa: B023  # the same
            nets = clamm_pool.nets()
            spent["burn, quotes"].append(cpu_ns(lambda: follow(more[0], pool, nets)))  # noqa: B023  # the same
        words = (f"{name} {statistics.median(times) / 1e3:.1f}" for name, times in spent.items())
        print(f"  {place:<17} " + "  ".join(words))


def day(state: Path | None, events: Path | None, seed: int) -> None:
    """Prints what every kind of event costs over a day: the pool follows it, then the quotes follow the pool."""
    if state is None or events is None:
        pool, told, what = minted(), seeded(minted(), seed), "a seeded mix of the recorded day's proportions"
    else:
        (pool, told), what = recorded(state, events), f"the recorded day {events.name}"
    spent: dict[str, dict[str, list[int]]] = {}
    for _ in range(DAY_ROUNDS):
        _live(pool.copy(), told, spent)
    whole = sum(sum(sum(times) for times in both.values()) for both in spent.values()) / DAY_ROUNDS
    print(f"{what}, {len(told)} events; microseconds an event (mean of {DAY_ROUNDS} passes):")
    for kind, both in spent.items():
        count = len(both["pool"]) // DAY_ROUNDS
        means = "  ".join(f"{name} {statistics.mean(times) / 1e3:>6.1f}" for name, times in both.items())
        print(f"  {kind:<5} {count:>5} times  {means}")
    print(f"  the whole mix: {whole / len(told) / 1e3:.1f} an event, so {1e9 * len(told) / whole:,.0f} events a second")


def _live(pool: ClammPool, told: list[Row], spent: dict[str, dict[str, list[int]]]) -> None:
    """One pass over the day. RuntimeError where an event or, at the end, a quote is not the pool's."""
    quotes = pool.quotes()
    nets = {tick: data["liquidity_net"] for tick, data in pool.state()["ticks"].items()}
    for row in told:
        began = time.process_time_ns()
        _, difference = pool.follow_row(row.name, dict(row.fields), row.time_s, True)
        followed = time.process_time_ns()
        changed = None
        if row.name in ("Mint", "Burn"):
            liquidity = row.fields["liquidity"]
            turned(nets, row.fields["lower"], row.fields["upper"], liquidity if row.name == "Mint" else -liquidity)
            changed = nets
        moving = time.process_time_ns()
        quotes = follow(quotes, pool, changed)
        done = time.process_time_ns()
        if difference is not None:
            raise RuntimeError(f"{row.name} in block {row.block}: {difference}")
        both = spent.setdefault(row.name, {"pool": [], "quotes": []})
        both["pool"].append(followed - began)
        both["quotes"].append(done - moving)
    anew = pool.quotes()
    for way in (True, False):
        if quotes.quote(way, 10**9)[:3] != anew.quote(way, 10**9)[:3]:
            raise RuntimeError("the quotes that followed the day are not those of its end")
