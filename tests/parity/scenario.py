"""Random but seeded lives of a pool: which operations come, aimed at the places where arithmetic and rules change.

catalogue: S4. A scenario looks at the pool's state to choose what hurts: prices at initialised ticks, amounts from
nothing to all bits, every kind of refusal, callees that cheat, and clocks that wrap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from tests.parity.dialect import PANCAKE, UNISWAP, Dialect
from tests.parity.evm import selector, word
from tests.parity.world import DRIVERS, Operation, State

TICK_MAX = 887272
PRICE_MIN = 4295128739
PRICE_MAX = 1461446703485210103287273052203988822378723970342
# 2000 is no fee of a factory's: its owner may allow any spacing below 16384, and this is the widest.
SPACINGS = {100: 1, 500: 10, 2500: 50, 3000: 60, 10000: 200, 2000: 16383}
WRAP = 2**32


@dataclass(frozen=True)
class Profile:
    """What kind of life: the pool's fee, where price and clock begin, how large things are, and what happens often."""

    name: str
    fee: int
    seed: int
    steps: int
    tick: int = 0
    start: int = 1_620_000_000
    liquidity_bits: tuple[int, int] = (30, 100)
    spread: int = 60
    often: tuple[tuple[str, int], ...] = ()
    raw: bool = False
    far: bool = False
    moods: int = 4
    dialect: Dialect = UNISWAP

    @property
    def spacing(self) -> int:
        """The pool's tick spacing."""
        return SPACINGS[self.fee]


def price_near(tick: int) -> int:
    """A square-root price near a tick, within the range (a double's precision: it only has to be somewhere there)."""
    price = int(1.0001 ** (tick / 2) * 2**60) << 36
    return min(max(price, PRICE_MIN), PRICE_MAX - 1)


GETTERS = (
    "factory()", "token0()", "token1()", "fee()", "tickSpacing()", "maxLiquidityPerTick()", "slot0()", "liquidity()",
    "feeGrowthGlobal0X128()", "feeGrowthGlobal1X128()", "protocolFees()", "ticks(int24)", "tickBitmap(int16)",
    "positions(bytes32)", "observations(uint256)",
)  # fmt: skip


def raw_calldata(dialect: Dialect) -> Iterator[bytes]:
    """Calldata at the edges of the ABI: every function with and without arguments, too short, with false lengths."""
    yield from (b"", b"\1\2\3", b"\1\2\3\4")
    for signature in (*GETTERS, *dialect.signatures.values()):
        head = selector(signature)
        yield head
        # Beside every selector there is one that no function has: the search for a function ends in many places.
        yield (int.from_bytes(head, "big") + 1).to_bytes(4, "big")
        yield (int.from_bytes(head, "big") - 1).to_bytes(4, "big")
        # A word that it would understand: an operation of its own, not calldata at the edge.
        if signature == dialect.signatures["grow"]:
            continue
        yield head + bytes(32)
        for last in (0, 32, 10**6, 2**64, 2**255):
            yield head + bytes(32 * signature.count(",")) + word(last) + word(0)
            yield head + bytes(32 * signature.count(",")) + word(last) + word(2**64)
            yield head + bytes(32 * signature.count(",")) + word(32 * (signature.count(",") + 1)) + word(last)
    yield selector("observations(uint256)") + word(65535)


class Scenario:
    """Draws one operation after another; `state` is the pool's state after the last."""

    WEIGHTS: tuple[tuple[str, int], ...] = (
        ("swap", 40), ("mint", 16), ("burn", 9), ("collect", 5), ("poke", 3), ("flash", 3), ("grow", 1), ("observe", 3),
        ("snapshot", 2), ("set_fee_protocol", 2), ("collect_protocol", 2), ("cheat", 4), ("again", 2), ("wrong", 4),
        ("mood", 1),
    )  # fmt: skip

    def __init__(self, profile: Profile, price_at: Callable[[int], int]) -> None:
        """`price_at` gives the exact square-root price of a tick."""
        self.profile, self.price_at = profile, price_at
        self.random = Random(profile.seed)
        self.now = profile.start
        self.state: State = {}
        weights = {**dict(self.WEIGHTS), **dict(profile.often)}
        self._names, self._weights = list(weights), list(weights.values())

    def operations(self) -> Iterator[Operation]:
        """The life: before the pool has a price, its birth, and then what the dice say."""
        yield from self._unborn()
        price = price_near(self.profile.tick)
        yield self._op("initialize", PRICE_MIN - 1)
        yield self._op("initialize", PRICE_MAX)
        yield self._op("initialize", price)
        yield self._op("initialize", price)
        if self.profile.raw:
            yield from self._raw()
        if self.profile.far:
            yield from self._far()
        for _ in range(self.profile.steps):
            self.now += self.random.choice((0, 0, 0, 1, 1, 12, 13, 100, 3600, self.random.randrange(10**6)))
            name = self.random.choices(self._names, self._weights)[0]
            yield getattr(self, f"_{name}")()
        if self.profile.raw:
            yield from self._bare()

    def _unborn(self) -> Iterator[Operation]:
        wide = self.profile.spacing
        yield self._op("swap", 1, 1000, PRICE_MIN + 1)
        yield self._op("mint", 0, -wide, wide, 1000)
        yield self._op("burn", -wide, wide, 0)
        yield self._op("collect", -wide, wide, 1, 1)
        yield self._op("flash", 0, 0)
        yield self._op("grow", 2)
        yield self._op("observe", 0)
        yield self._op("snapshot", -wide, wide)
        yield self._op("set_fee_protocol", 4, 4)
        yield self._op("collect_protocol", 1, 1)

    def _far(self) -> Iterator[Operation]:
        """Steps as long as the widest spacing allows, with as much liquidity as a tick may carry.

        An input and an output above 2^160 within one step; and, from far up, amounts whose product with the price, or
        whose sum with the liquidity, passes 2^256: there the next price is computed in another way.
        """
        edge = TICK_MAX // self.profile.spacing * self.profile.spacing
        ticks = 2 * (TICK_MAX // self.profile.spacing) + 1
        yield self._op("mint", 0, -edge, edge, (2**128 - 1) // ticks)
        up, down = PRICE_MAX - 1, PRICE_MIN + 1
        for amount in (2**170, 2**182):
            yield self._op("swap", 0, amount, up)
        yield self._op("swap", 1, 2**110, down)
        for _ in range(2):
            yield self._op("swap", 0, 2**182, up)
            yield self._op("swap", 1, -(2**170), down)
            # Less the fee, a product just below 2^256, which the sum with the liquidity passes.
            most = (2**256 - 1) // self.state["slot0"][0] - 2**10
            yield self._op("swap", 1, -(-most * 10**6 // (10**6 - self.profile.fee)), down)

    def _raw(self) -> Iterator[Operation]:
        for data in raw_calldata(self.profile.dialect):
            for value in (0, 1):
                yield Operation("raw", 0, self.now, (), data=data.hex(), value=value)

    def _bare(self) -> Iterator[Operation]:
        """Calls that are right but for their caller, who has no code that could be called back."""
        edge = TICK_MAX // self.profile.spacing * self.profile.spacing
        yield self._op("mint", 0, -edge, edge, 10**18)
        nobody = "0x" + "11" * 20
        swaps = [("swap", (nobody, side, 1000, limit)) for side, limit in ((1, PRICE_MIN + 1), (0, PRICE_MAX - 1))]
        for do, words in (("mint", (nobody, -edge, edge, 1000)), *swaps, ("flash", (nobody, 0, 0))):
            data = self.profile.dialect.encode(do, words, b"")
            yield Operation("raw", 0, self.now, (), data=data.hex())

    def _op(self, do: str, *args: int, by: int | None = None, more: tuple[int, int] = (0, 0)) -> Operation:
        if by is None:
            by = 0 if do in ("set_fee_protocol", "collect_protocol") else self.random.randrange(DRIVERS)
        return Operation(do, by, self.now, args, more)

    def _bits(self, low: int, high: int) -> int:
        """A number with a random count of bits, now and then with all of them set or only one."""
        count = self.random.randint(low, high)
        return self.random.choice(
            (self.random.getrandbits(count), self.random.getrandbits(count), 1 << count, (1 << count) - 1)
        )

    def _range(self) -> tuple[int, int]:
        spacing, dice = self.profile.spacing, self.random.random()
        edge = TICK_MAX // spacing
        middle = self.state["slot0"][1] // spacing
        if dice < 0.1:
            return -edge * spacing, edge * spacing
        if dice < 0.2 and self.state["ticks"]:
            lower = self.random.choice(list(self.state["ticks"])) // spacing
        elif dice < 0.35:
            lower = middle + self.random.choice((-1, 0, 1))
        else:
            lower = middle + self.random.randint(-self.profile.spread, self.profile.spread)
        upper = lower + self.random.choice(
            (1, 2, self.random.randint(1, self.profile.spread), self.random.randint(1, 600))
        )
        lower = min(max(lower, -edge), edge - 1)
        return lower * spacing, min(max(upper, lower + 1), edge) * spacing

    def _mint(self) -> Operation:
        lower, upper = self._range()
        owner = self.random.randrange(DRIVERS)
        if self.state["positions"] and self.random.random() < 0.25:
            owner, lower, upper = self.random.choice(list(self.state["positions"]))
        return self._op("mint", owner, lower, upper, max(1, self._bits(*self.profile.liquidity_bits)))

    def _position(self) -> tuple[int, int, int] | None:
        return self.random.choice(list(self.state["positions"])) if self.state["positions"] else None

    def _burn(self) -> Operation:
        found = self._position()
        if found is None:
            return self._mint()
        owner, lower, upper = found
        has = self.state["positions"][found][0]
        amount = self.random.choice((has, has, has // 2, self.random.randint(0, has), min(has + 1, 2**128 - 1)))
        return self._op("burn", lower, upper, amount, by=owner)

    def _poke(self) -> Operation:
        found = self._position()
        if found is None or self.random.random() < 0.15:
            return self._op("burn", *self._range(), 0)
        return self._op("burn", *found[1:], 0, by=found[0])

    def _collect(self) -> Operation:
        found = self._position()
        if found is None:
            return self._op("collect", *self._range(), 5, 5)
        row = self.state["positions"][found]
        most = [self.random.choice((2**128 - 1, 2**128 - 1, 0, row[3 + side], row[3 + side] // 2)) for side in (0, 1)]
        return self._op("collect", *found[1:], *most, by=found[0])

    def _swap(self) -> Operation:
        dice, tick = self.random.random(), self.state["slot0"][1]
        zero_for_one = self.random.random() < 0.5
        # A price at an end of the range would be the end of the story.
        if abs(tick) > TICK_MAX - 300 and self.random.random() < 0.8:
            zero_for_one = tick > 0
        amount = self._bits(0, 128) if dice < 0.12 else self._amount_nearby(zero_for_one)
        if dice > 0.98:
            amount = self.random.choice((0, 2**255 - 1, 2**127, 2**128 - 1, 2**128))
        if self.random.random() < 0.4:
            amount = -amount
        if self.random.random() < 0.005:
            amount = -(2**255)
        return self._op("swap", int(zero_for_one), amount, self._limit(zero_for_one))

    def _amount_nearby(self, zero_for_one: bool) -> int:
        """An amount of the size that moves this pool by some ticks, as far as it has liquidity."""
        price, liquidity = self.state["slot0"][0], max(self.state["liquidity"], 1)
        unit: int = liquidity * 2**96 // price if zero_for_one else liquidity * price // 2**96
        steps = self.random.choice((1, self.profile.spacing, 10 * self.profile.spacing, 300 * self.profile.spacing))
        return min(unit * steps // 20000 * self.random.randint(1, 1000) // 300 + self.random.randint(0, 3), 2**255 - 1)

    def _limit(self, zero_for_one: bool) -> int:
        price, dice = self.state["slot0"][0], self.random.random()
        extreme = PRICE_MIN + 1 if zero_for_one else PRICE_MAX - 1
        if dice < 0.55:
            return extreme
        if dice < 0.62:
            return self.random.choice((price, PRICE_MIN, PRICE_MAX, price - 1, price + 1, 0, 2**160 - 1))
        ticks = [tick for tick in self.state["ticks"] if (tick <= self.state["slot0"][1]) == zero_for_one]
        if dice < 0.8 and ticks:
            return self.price_at(self.random.choice(ticks)) + self.random.choice((0, 0, 1, -1))
        away = self.random.randint(1, 100 * self.profile.spacing) * (-1 if zero_for_one else 1)
        return min(max(price_near(self.state["slot0"][1] + away), PRICE_MIN + 1), PRICE_MAX - 1)

    def _flash(self) -> Operation:
        has = self.state["balances"]
        amounts = [self.random.choice((0, 1, owned, owned // 3, owned + 1)) for owned in has]
        more = self.random.choice(((0, 0), (0, 0), (0, 0), (3, 5), (-1, 0), (0, -1), (1 << 60, 0)))
        return self._op("flash", *amounts, more=more)

    def _grow(self) -> Operation:
        return self._op("grow", self.state["slot0"][4] + self.random.choice((-1, 0, 1, 1, 2, 4)))

    def _observe(self) -> Operation:
        oldest = min((row[0] for row in self.state["observations"].values() if row[3]), default=0)
        age = (self.now - oldest) % WRAP
        asked = [0, 1, age, max(age - 1, 0), age + 1, *(self.random.randint(0, age) for _ in range(4))]
        known = [(self.now - row[0]) % WRAP for row in self.state["observations"].values() if row[3]]
        asked += [*known[:3], age + self.random.randint(1, 1000)]
        return self._op("observe", *self.random.sample(asked, self.random.randint(0, min(3, len(asked)))))

    def _snapshot(self) -> Operation:
        found = self._position()
        if found is not None and self.random.random() < 0.8:
            return self._op("snapshot", *found[1:])
        return self._op("snapshot", *self._range())

    def _set_fee_protocol(self) -> Operation:
        legal = (0, 4, 5, 7, 10)
        if self.profile.dialect is PANCAKE:
            legal = (0, 1000, 3200, 3300, 4000)
        dice = self.random.random()
        if dice < 0.1:
            return self._op("set_fee_protocol", *self.random.sample(legal, 2), by=1)
        if dice < 0.3:
            wrong = (1, 3, 11, legal[1] - 1, legal[-1] + 1)
            pair = [self.random.choice(wrong), self.random.choice(legal)]
            self.random.shuffle(pair)
            return self._op("set_fee_protocol", *pair)
        return self._op("set_fee_protocol", self.random.choice(legal), self.random.choice(legal))

    def _collect_protocol(self) -> Operation:
        if self.random.random() < 0.15:
            return self._op("collect_protocol", 1, 1, by=2)
        most = [
            self.random.choice((0, 1, fees, fees // 2, fees + 1, 2**128 - 1)) for fees in self.state["protocol_fees"]
        ]
        return self._op("collect_protocol", *most)

    def _cheat(self) -> Operation:
        drawn = self.random.choice((self._mint, self._swap, self._flash))()
        more = self.random.choice(((-1, 0), (0, -1), (-1, -1), (7, 0), (0, 7), (-(2**100), 1)))
        return Operation(drawn.do, drawn.by, drawn.at, drawn.args, more)

    def _again(self) -> Operation:
        drawn = self.random.choice((self._mint, self._swap, self._flash))()
        inner = self.random.choice((
            self._mint, self._swap, self._poke, self._collect, self._flash, self._grow, self._set_fee_protocol,
            self._collect_protocol,
        ))()  # fmt: skip
        insist = self.random.random() < 0.6
        return Operation(drawn.do, drawn.by, drawn.at, drawn.args, drawn.more, inner, insist)

    def _wrong(self) -> Operation:
        """A call with arguments that the rules refuse."""
        spacing = self.profile.spacing
        edge = TICK_MAX // spacing * spacing
        lower, upper = self._range()
        ticks = self.random.choice((
            (lower, lower), (upper, lower), (-edge - spacing, upper), (lower, edge + spacing), (lower + 1, upper),
            (lower, upper - 1), (-(2**23), 2**23 - 1), (-TICK_MAX - 1, upper), (lower, TICK_MAX + 1),
        ))  # fmt: skip
        dice = self.random.random()
        if dice < 0.15:
            return self._op("snapshot", *ticks)
        if dice < 0.3:
            return self._op("burn", *ticks, self.random.choice((0, 1)))
        if dice < 0.6:
            return self._op("mint", 0, *ticks, 10)
        if dice < 0.8:
            amount = self.random.choice((0, 2**127 - 1, 2**127, 2**128 - 1, self._bits(100, 126)))
            return self._op("mint", 0, lower, upper, amount)
        if dice < 0.9:
            return self._op("initialize", price_near(0))
        return Operation("observe", 0, self.now, (0,), borrowed=True)

    def _mood(self) -> Operation:
        drawn = self.random.choice((self._mint, self._swap, self._flash, self._collect, self._collect_protocol))()
        return Operation(
            drawn.do, drawn.by, drawn.at, drawn.args, drawn.more, mood=self.random.randint(1, self.profile.moods)
        )
