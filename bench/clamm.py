"""Concentrated-liquidity pools from Python: quotes in batches and one by one, two threads, rebuilds, a day replayed.

catalogue: S4. Every quote stands beside the contract's own loop, measured in the same alternating rounds, and is void
where one answer differs from the loop's. CPU time of the process, median of seven rounds; two threads by wall time. A
day is replayed from its logs in one call and compared event by event; the recorded day is that of `--day`, or of
../shared where it is there.

example: python -m bench.clamm
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import numpy as np
import numpy.typing as npt

from bench import clamm_day, clamm_pool
from native._core import BUILD_PROFILE, CLAMM_QUOTE_LAYOUT, ClammMath, ClammPool, ClammQuotes
from sim.clamm.recorded import Row

ROUNDS = 7
#: Quotes of a round, how many of them a batch has, and how many the loop and single calls do. The answers to a batch
#: are new memory, where the caller gives none (`out=`); up to some thousand it is memory that the process has already.
QUOTES, BATCH, SINGLE = 100_000, 1_000, 500
#: Goals: a quote in a batch, a lone call, two cores.
BATCH_NS_MAX, CALL_NS_MAX, PAIR_A_SECOND_MIN = 100.0, 800.0, 10e6
#: Passes over a day, and the goal for its events.
DAYS, EVENTS_A_SECOND_MIN = 101, 1e6
ROW = np.dtype([(name, kind, (count,)) if count > 1 else (name, kind) for name, kind, count in CLAMM_QUOTE_LAYOUT])
Limbs = npt.NDArray[np.uint64]


def pool() -> ClammQuotes:
    """The pool, half a tick above its tick's price."""
    math, nets = ClammMath(), clamm_pool.nets()
    low, high = (math.sqrt_price_at_tick(clamm_pool.TICK + at) for at in (0, 1))
    price, spacing, fee = (low + high) // 2, clamm_pool.SPACING, clamm_pool.FEE
    return ClammQuotes(price, clamm_pool.active(), spacing, fee, list(nets), list(nets.values()))


def threshold(quotes: ClammQuotes, zero_for_one: bool, sign: int, crossings: int) -> int:
    """The smallest amount that crosses as many ticks."""
    low, high = 0, 1 << 120
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if quotes.quote(zero_for_one, sign * middle)[4] >= crossings else (middle, high)
    return high


def amounts(quotes: ClammQuotes, zero_for_one: bool, exact_in: bool, crossings: int) -> list[int]:
    """Amounts that cross exactly as many ticks, spread over all that do."""
    sign = 1 if exact_in else -1
    first = threshold(quotes, zero_for_one, sign, crossings) if crossings else 1
    last = threshold(quotes, zero_for_one, sign, crossings + 1) - 1
    random = np.random.default_rng(1)
    return [first + int(share * (last - first)) for share in random.random(QUOTES)]


def limbs(values: list[int]) -> Limbs:
    """Integers as uint64[n, 4]."""
    return np.frombuffer(b"".join(value.to_bytes(32, "little") for value in values), np.uint64).reshape(-1, 4)


def batches(values: list[int]) -> list[Limbs]:
    """Amounts, a batch each."""
    packed = limbs(values)
    return [packed[at : at + BATCH] for at in range(0, len(values), BATCH)]


def cpu_ns(work: Callable[[], object]) -> int:
    """CPU time of one call."""
    began = time.process_time_ns()
    work()
    return time.process_time_ns() - began


def check(quotes: ClammQuotes, zero_for_one: bool, exact_in: bool, values: list[int], rows: bytes) -> bool:
    """Whether the batch's first answers are the loop's, amount, price and crossings."""
    for value, row in zip(values[:SINGLE], np.frombuffer(rows, ROW), strict=False):
        paid, got, price, _, crossed, _ = quotes.quote_by_steps(zero_for_one, value if exact_in else -value)
        told = (
            int.from_bytes(row["amount"].tobytes(), "little"),
            int.from_bytes(row["sqrt_price"].tobytes(), "little"),
        )
        if told != (got if exact_in else paid, price) or row["crossed"] != crossed:
            return False
    return True


def crossing_table(quotes: ClammQuotes) -> bool:
    """Batched and single quotes beside the loop, at every count of crossings; whether all goals are met."""
    met = True
    print("ns a quote: in a batch | one call from Python | one call, the contract's loop   (crossings)")
    for zero_for_one in (True, False):
        for exact_in in (True, False):
            way = f"{'0 to 1' if zero_for_one else '1 to 0'}, exact {'in' if exact_in else 'out'}"
            for crossings in clamm_pool.CROSSINGS:
                values = amounts(quotes, zero_for_one, exact_in, crossings)
                met &= crossing_line(quotes, zero_for_one, exact_in, values, f"{way:<17} {crossings:>3}")
    return met


def crossing_line(quotes: ClammQuotes, zero_for_one: bool, exact_in: bool, values: list[int], name: str) -> bool:
    """One line of the table."""
    packed, some = batches(values), [value if exact_in else -value for value in values[:SINGLE]]
    ways: list[Callable[[], object]] = [
        lambda: [quotes.batch(zero_for_one, exact_in, each) for each in packed],
        lambda: [quotes.quote(zero_for_one, value) for value in some],
        lambda: [quotes.quote_by_steps(zero_for_one, value) for value in some],
    ]
    exact = check(quotes, zero_for_one, exact_in, values, quotes.batch(zero_for_one, exact_in, packed[0]))
    spent = [[cpu_ns(way) for way in ways] for _ in range(ROUNDS)]
    batch, call, loop = (statistics.median(column) for column in zip(*spent, strict=True))
    batch, call, loop = batch / len(values), call / SINGLE, loop / SINGLE
    met = exact and batch <= BATCH_NS_MAX and call <= CALL_NS_MAX
    word = "" if exact else "  VOID, an answer differs from the loop's"
    print(f"{name} {batch:>9.1f} {call:>9.0f} {loop:>9.0f}   the loop takes {loop / batch:.0f}x{word}")
    return met


def large(quotes: ClammQuotes) -> None:
    """All quotes in one call: their answers in new memory, and in an array that every call fills again."""
    values = amounts(quotes, True, True, 10)
    packed, kept = limbs(values), np.zeros(QUOTES, ROW)
    ways: list[Callable[[], object]] = [
        lambda: quotes.batch(True, True, packed),
        lambda: quotes.batch(True, True, packed, out=kept),
    ]
    if quotes.batch(True, True, packed, out=kept).tobytes() != quotes.batch(True, True, packed):
        raise RuntimeError("the answers in an array of the caller's differ")
    spent = [[cpu_ns(way) for way in ways] for _ in range(ROUNDS)]
    fresh, reused = (statistics.median(column) / QUOTES for column in zip(*spent, strict=True))
    print(
        f"{QUOTES} in one call, ns a quote: {fresh:.1f} into new memory, {reused:.1f} into an array that is kept (out=)"
    )


def pair(quotes: ClammQuotes) -> bool:
    """Two threads at once; whether the goal is met."""
    packed = batches(amounts(quotes, True, True, 10))

    def work() -> None:
        for _ in range(5):
            for each in packed:
                quotes.batch(True, True, each)

    spent = []
    for _ in range(ROUNDS):
        threads = [Thread(target=work) for _ in range(2)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        spent.append(time.perf_counter() - began)
    rate = 2 * 5 * QUOTES / min(spent)
    print(f"two threads: {rate / 1e6:.1f} M quotes/s (goal {PAIR_A_SECOND_MIN / 1e6:.0f})")
    return rate >= PAIR_A_SECOND_MIN


def rebuilds(quotes: ClammQuotes) -> None:
    """What a mint and a swap cost the speed form, beside building it anew."""
    nets = clamm_pool.nets()
    ticks, base = list(nets), clamm_pool.TICK // clamm_pool.SPACING * clamm_pool.SPACING
    more = {**nets, base - 1_800: nets[base - 1_800] + 10**17, base - 600: nets[base - 600] - 10**17}
    price, liquidity, tick = quotes.sqrt_price, quotes.liquidity, quotes.tick
    _, _, moved_to, moved_tick, _, _ = quotes.quote(True, 10**9)
    spacing, fee = quotes.tick_spacing, quotes.fee_millionths
    ways: dict[str, Callable[[], object]] = {
        "anew": lambda: ClammQuotes(price, liquidity, spacing, fee, ticks, list(nets.values())),
        "after a mint beside the price": lambda: quotes.moved(price, liquidity, tick, ticks, list(more.values())),
        "after a swap within its range": lambda: quotes.moved(moved_to, liquidity, moved_tick),
    }
    print(f"stops: {quotes.stops(True)} down, {quotes.stops(False)} up; microseconds for both:")
    spent = [[cpu_ns(way) for way in ways.values()] for _ in range(31)]
    for name, times in zip(ways, zip(*spent, strict=True), strict=True):
        print(f"  {name:<30} {statistics.median(times) / 1e3:>8.1f}")


def replay(pool: ClammPool, told: list[Row], what: str) -> bool:
    """Follows a day's logs in one call; whether the goal is met. RuntimeError where a log is not the pool's."""
    batch, spent = clamm_day.logs(pool, told), []
    for _ in range(DAYS):
        fresh = pool.copy()
        began = time.process_time_ns()
        done, asked, difference = fresh.follow_batch(*batch)
        spent.append(time.process_time_ns() - began)
        if difference is not None or done != len(told):
            raise RuntimeError(f"log {done} of {what}: {difference}")
    rate = len(told) / statistics.median(spent) * 1e9
    print(f"{what}, replayed from {len(told)} logs in one call: {rate / 1e6:.2f} M events/s (goal 1)")
    print("  swaps of an exact input, of an exact output, to a limit:", *asked)
    return rate >= EVENTS_A_SECOND_MIN


def days(folder: Path) -> bool:
    """The seeded day and the recorded one, where it is there; whether the goal is met by both."""
    pool = clamm_day.minted()
    met = replay(pool, clamm_day.seeded(pool, 1), "a seeded day")
    if not folder.is_dir():
        print(f"a recorded day: NOT MEASURED, there is none at {folder}")
        return met
    recorded = clamm_day.recorded(folder / clamm_day.STATE, folder / clamm_day.EVENTS_FILE)
    return replay(*recorded, "the recorded day of WBTC/WETH") and met


def main() -> int:
    """Prints the tables; 0 where every goal is met, else 1."""
    if BUILD_PROFILE == "debug":
        print("a debug build says nothing about time", file=sys.stderr)
        return 2
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--day", type=Path, default=clamm_day.FOLDER, help="the folder of a recorded day")
    folder = parser.parse_args().day
    quotes = pool()
    met = crossing_table(quotes)
    large(quotes)
    met &= pair(quotes)
    rebuilds(quotes)
    met &= days(folder)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
