"""Which scenarios the committed vectors consist of: every fee at both ends and in the middle, and what else can happen.

catalogue: S4.
"""

from __future__ import annotations

from tests.parity.dialect import PANCAKE, V2, V4
from tests.parity.scenario import WRAP, Profile

FEES = (100, 500, 3000, 10000)
# The usable ends of the range are a spacing or so inside the ends of the ticks.
LOW, HIGH = -887_150, 887_100


def v3_profiles() -> list[Profile]:
    """The scenarios of Uniswap v3's pool."""
    found = []
    for fee in FEES:
        found += [
            Profile(f"v3-{fee}-middle", fee, fee + 1, 450),
            Profile(f"v3-{fee}-stable", fee, fee + 2, 450, tick=-276_324, liquidity_bits=(50, 90), spread=8),
            Profile(f"v3-{fee}-low", fee, fee + 3, 350, tick=LOW),
            Profile(f"v3-{fee}-high", fee, fee + 4, 350, tick=HIGH),
            Profile(
                f"v3-{fee}-wrap",
                fee,
                fee + 5,
                350,
                tick=50_000,
                start=WRAP - 4_000_000,
                often=(("grow", 4), ("observe", 12), ("snapshot", 8)),
            ),
            Profile(f"v3-{fee}-huge", fee, fee + 6, 300, tick=100, liquidity_bits=(90, 127)),
            Profile(f"v3-{fee}-dust", fee, fee + 7, 300, tick=-100, liquidity_bits=(1, 24)),
        ]
    found += [
        Profile("v3-oracle", 3000, 21, 500, often=(("grow", 12), ("observe", 40), ("snapshot", 20))),
        Profile("v3-cheats", 500, 22, 500, often=(("cheat", 40), ("again", 40), ("flash", 15))),
        Profile("v3-wrongs", 3000, 23, 400, often=(("wrong", 60), ("set_fee_protocol", 15))),
        Profile(
            "v3-protocol", 10000, 24, 400, often=(("set_fee_protocol", 12), ("collect_protocol", 20), ("flash", 20))
        ),
        Profile("v3-owners", 500, 25, 400, often=(("collect", 30), ("poke", 20), ("burn", 25))),
        Profile("v3-raw", 500, 27, 60, raw=True),
        Profile("v3-10000-giant", 10000, 28, 300, tick=800_000, liquidity_bits=(90, 115), spread=400),
        Profile("v3-2000-wide", 2000, 29, 300, tick=200_000, liquidity_bits=(90, 121), spread=50),
        Profile("v3-2000-wide-low", 2000, 30, 300, tick=-500_000, liquidity_bits=(90, 121), spread=50),
        Profile("v3-2000-far", 2000, 32, 60, liquidity_bits=(90, 121), spread=50, far=True),
        Profile("v3-liars", 3000, 31, 300, often=(("mood", 60),), moods=6),
        Profile("v3-tokens", 500, 26, 400, often=(("mood", 40),)),
    ]
    return found


def pancake_profiles() -> list[Profile]:
    """The scenarios of Pancake v3's pool: its own fee shares, of ten thousand, set from the first price on."""
    found = [
        Profile(f"pancake-{fee}-middle", fee, fee + 51, 300, spread=40, dialect=PANCAKE)
        for fee in (100, 500, 2500, 10000)
    ]
    return [
        *found,
        Profile("pancake-2500-low", 2500, 61, 250, tick=LOW, dialect=PANCAKE),
        Profile("pancake-2500-high", 2500, 62, 250, tick=HIGH, dialect=PANCAKE),
        Profile("pancake-500-wrap", 500, 63, 250, tick=9000, start=WRAP - 4_000_000, dialect=PANCAKE),
        Profile(
            "pancake-protocol", 10000, 64, 300,
            often=(("set_fee_protocol", 20), ("collect_protocol", 20), ("flash", 20)), dialect=PANCAKE,
        ),
        Profile("pancake-cheats", 500, 65, 250, often=(("cheat", 30), ("again", 30)), dialect=PANCAKE),
    ]  # fmt: skip


def v4_profiles() -> list[Profile]:
    """The scenarios of v4 pools without hooks."""
    found = []
    for fee in FEES:
        found += [
            Profile(f"v4-{fee}-middle", fee, fee + 71, 350, dialect=V4),
            Profile(f"v4-{fee}-low", fee, fee + 72, 250, tick=LOW, dialect=V4),
            Profile(f"v4-{fee}-high", fee, fee + 73, 250, tick=HIGH, dialect=V4),
        ]
    return [
        *found,
        Profile("v4-huge", 3000, 81, 250, liquidity_bits=(90, 127), dialect=V4),
        Profile("v4-dust", 500, 82, 250, liquidity_bits=(1, 24), dialect=V4),
        Profile("v4-protocol", 3000, 83, 300, often=(("set_fee_protocol", 15), ("collect_protocol", 15)), dialect=V4),
        Profile("v4-wrongs", 3000, 84, 300, often=(("wrong", 50), ("cheat", 20)), dialect=V4),
    ]


def v2_profiles() -> list[Profile]:
    """The scenarios of v2 pairs; the fee is theirs for ever, three thousandths."""
    return [
        Profile("v2-middle", 3, 91, 350, liquidity_bits=(50, 80), dialect=V2),
        Profile("v2-uneven", 3, 92, 300, liquidity_bits=(20, 105), dialect=V2),
        Profile("v2-dust", 3, 93, 300, liquidity_bits=(10, 16), dialect=V2),
        Profile("v2-huge", 3, 94, 250, liquidity_bits=(105, 111), dialect=V2),
        Profile("v2-wrap", 3, 95, 250, start=WRAP - 4_000_000, liquidity_bits=(50, 80), dialect=V2),
        Profile(
            "v2-protocol",
            3,
            96,
            300,
            liquidity_bits=(40, 70),
            dialect=V2,
            often=(("fee_to", 15), ("mint", 30), ("burn", 25)),
        ),
        Profile("v2-flash", 3, 97, 250, liquidity_bits=(50, 80), dialect=V2, often=(("flash", 40), ("again", 30))),
        Profile("v2-wrongs", 3, 98, 250, liquidity_bits=(50, 80), dialect=V2, often=(("wrong", 40), ("mood", 30))),
        Profile(
            "v2-tokens",
            3,
            99,
            250,
            liquidity_bits=(50, 80),
            dialect=V2,
            often=(("rebase", 20), ("skim", 15), ("sync", 15)),
        ),
        Profile(
            "v2-shares",
            3,
            100,
            250,
            liquidity_bits=(50, 80),
            dialect=V2,
            often=(("transfer_from", 40), ("approve", 20)),
        ),
    ]


def profiles() -> list[Profile]:
    """All of them."""
    return [*v3_profiles(), *pancake_profiles(), *v4_profiles(), *v2_profiles()]
