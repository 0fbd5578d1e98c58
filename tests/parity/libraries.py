"""Vectors of the libraries that work on stored values (bitmap, tick, position, oracle), as text that a Rust test reads.

catalogue: S4. They have no face in Python, so the test is the core's own (`clamm/library_tests.rs`). A line is the name
of a function, its arguments, `=`, and the results in decimal; or `!` and the reason of the revert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.parity.evm import Call, answers, batch, call_data, reason, signed, unsigned
from tests.parity.functions import Arguments, batcher
from tests.parity.lives import libraries, observations
from tests.parity.scenario import TICK_MAX
from tests.parity.vectors import PLACE

FILE = PLACE / "libraries.txt"
COUNT = 200
SPACINGS = (1, 2, 10, 50, 60, 200, 16383)
RING = 6
ROW = "(uint32,int56,uint160,bool)"
INFO = "(uint128,int128,uint256,uint256,int56,uint160,uint32,bool)"
SIGNATURES = {
    "next_tick": "nextInitializedTick(int24,int24,bool,uint256)",
    "flip": "flipTick(int24,int24,uint256)",
    "max_liquidity": "maxLiquidityPerTick(int24)",
    "inside": "feeGrowthInside(int24,int24,int24,uint256[6])",
    "cross": f"crossTick({INFO},uint256[2],uint160,int56,uint32)",
    "position": "updatePosition((uint128,uint256,uint256,uint128,uint128),int128,uint256,uint256)",
}
# Those of `Observations.sol`.
OBSERVATIONS = {
    "transform": f"transform({ROW},uint32,int24,uint128)",
    "lte": "lte(uint32,uint32,uint32)",
    "write": f"write({ROW}[6],uint16,uint32,int24,uint128,uint16,uint16)",
    "grow": f"grow({ROW}[6],uint16,uint16)",
    "observe": f"observe({ROW}[6],uint32,uint32,int24,uint16,uint128,uint16)",
    "surrounding": f"surrounding({ROW}[6],uint32,uint32,int24,uint16,uint128,uint16)",
    "update": f"update({INFO},int24[2],bool,int128,(uint256,uint256,uint160,int56,uint32,uint128))",
}


class Stored(Arguments):
    """Draws what is stored, and what happens to it."""

    def next_tick(self) -> list[int]:
        """Tick, spacing, direction, and the one word that is read."""
        words = (0, 1, 1 << 255, 2**256 - 1, self._u256(), self._u256() & self._u256())
        spacing = self.random.choice(SPACINGS)
        return [self._tick_within(), spacing, int(self._bool()), self.random.choice(words)]

    def flip(self) -> list[int]:
        """Tick (now and then between two of the spacing), spacing, and the word before."""
        spacing = self.random.choice(SPACINGS)
        tick = self._tick_within() // spacing * spacing
        return [tick + self.random.choice((0, 0, 0, 0, 1)), spacing, self._u256()]

    def max_liquidity(self) -> list[int]:
        """A spacing that a pool may have."""
        return [self.random.choice((*SPACINGS, self.random.randint(1, 16383)))]

    def inside(self) -> list[int]:
        """Lower, upper and current tick, and the growths: of the lower, of the upper, of all."""
        lower, upper = sorted((self._tick_within(), self._tick_within() + 1))
        return [
            lower,
            upper,
            self.random.choice((lower, upper, self._tick_within())),
            *(self._u256() for _ in range(6)),
        ]

    def cross(self) -> list[int]:
        """A tick's data, and the pool's totals."""
        data = [self._bits(128), self._signed(127), self._u256(), self._u256(), self._signed(55), self._bits(160)]
        return [*data, self._bits(32), 1, self._u256(), self._u256(), self._bits(160), self._signed(55), self._bits(32)]

    def position(self) -> list[int]:
        """A position, and what it is changed by."""
        delta = self.random.choice((0, self._signed(127), self._signed(60)))
        row = [self.random.choice((0, self._bits(128))), self._u256(), self._u256(), self._bits(128), self._bits(128)]
        return [*row, delta, self._u256(), self._u256()]

    def _written(self, time: int) -> list[int]:
        return [time % 2**32, self._signed(55), self._bits(160), 1]

    def _ring(self) -> tuple[list[int], list[int], int, int]:
        """A ring as a pool writes it: its words, the times from the oldest on, where the newest is, and its length."""
        length = self.random.randint(1, RING)
        written = self.random.randint(1, length)
        gaps = (1, 12, 13, 1000, 2**20, self._bits(27))
        wrapping = 2**32 - self.random.getrandbits(self.random.randint(1, 28))
        time = self.random.choice((self.random.getrandbits(32), wrapping))
        times = [time]
        for _ in range(written - 1):
            times.append(times[-1] + max(1, self.random.choice(gaps)))
        # A ring that is not full yet begins at place 0; one that is has its newest anywhere.
        newest = written - 1 if written < length else self.random.randrange(length)
        rows = [[1, 0, 0, 0]] * length + [[0, 0, 0, 0]] * (RING - length)
        for age, at in enumerate(reversed(times)):
            rows[(newest - age) % length] = self._written(at)
        return [one for row in rows for one in row], times, newest, length

    def transform(self) -> list[int]:
        """The last observation, and the present."""
        last = self.random.getrandbits(32)
        return [*self._written(last), (last + self._bits(32)) % 2**32, self._tick_within(), self._liquidity()]

    def lte(self) -> list[int]:
        """Now, and two moments before it, on a clock that may have wrapped."""
        return [self._bits(32) for _ in range(3)]

    def write(self) -> list[int]:
        """A ring, the present (now and then of the same block), and how long it may become."""
        words, times, newest, length = self._ring()
        now = times[-1] + self.random.choice((0, 1, 12, self._bits(28)))
        present = [newest, now % 2**32, self._tick_within(), self._liquidity()]
        return [*words, *present, length, self.random.randint(length, RING)]

    def grow(self) -> list[int]:
        """A ring, how long it is, and how long it should be."""
        words, _, _, length = self._ring()
        return [*words, self.random.choice((length, length, length, 0)), self.random.randint(0, RING)]

    def observe(self) -> list[int]:
        """A ring, now, and how long ago: at an observation, between two, before all, after the last."""
        words, times, newest, length = self._ring()
        now = times[-1] + self.random.choice((0, 1, 12, self._bits(28)))
        between = [self.random.randint(times[0], now) for _ in range(2)]
        asked = self.random.choice((*times, now, *between))
        ago = now - asked + self.random.choice((0, 0, 0, 1, -1))
        present = [now % 2**32, ago % 2**32, self._tick_within(), newest, self._liquidity(), length]
        return [*words, *present]

    def surrounding(self) -> list[int]:
        """A ring, now, and the moment that is asked for."""
        words = self.observe()
        words[25] = (words[24] - words[25]) % 2**32
        return words

    def update(self) -> list[int]:
        """A tick's data (nothing: a new one), its place and the price's, the change, the pool's totals, its share."""
        data = [0] * 8
        if self.random.random() < 0.7:
            gross = max(1, self._bits(128))
            net = self.random.choice((gross % 2**127, -(gross % 2**127), self._signed(127)))
            data = [gross, net, self._u256(), self._u256(), self._signed(55), self._bits(160), self._bits(32), 1]
        tick = self._tick_within()
        near = (tick, tick - 1, tick + 1, self._tick_within())
        delta = self.random.choice((self._signed(127), self._signed(60), 0, -min(data[0], 2**127 - 1)))
        sums = [self._u256(), self._u256(), self._bits(160), self._signed(55), self._bits(32)]
        most = self.random.choice((2**128 - 1, self._bits(128), max(0, min(data[0] + delta, 2**128 - 1))))
        return [*data, tick, self.random.choice(near), int(self._bool()), delta, *sums, most]

    def _tick_within(self) -> int:
        return self.random.choice((self.random.randint(-TICK_MAX, TICK_MAX), self.random.randint(-600, 600)))


def lines() -> Iterator[str]:
    """Every vector as its line."""
    drawn = Stored(77)
    engine, address = libraries()
    for name, signature in {**SIGNATURES, **OBSERVATIONS}.items():
        asked_of = observations() if name in OBSERVATIONS else address
        draw: Callable[[], list[int]] = getattr(drawn, name)
        asked = [draw() for _ in range(COUNT)]
        # Tuples and arrays of fixed size are encoded as the words that they are.
        calls = [Call(asked_of, call_data(signature, *args)) for args in asked]
        for args, answer in zip(asked, answers(engine.call(batcher(), batch(calls))), strict=True):
            given = " ".join(map(str, args))
            if answer.ok:
                yield f"{name} {given} = {' '.join(map(str, _results(name, unsigned(answer.data))))}"
            else:
                yield f"{name} {given} ! {reason(answer.data)}".rstrip()


def _results(name: str, words: list[int]) -> list[int]:
    """The words with the signs that the function's results have."""
    ring = (1, 5, 9, 13, 17, 21)
    signs = {
        "next_tick": (0,), "cross": (0, 2, 5), "transform": (1,), "observe": (0,), "surrounding": (1, 5),
        "update": (2, 5),
        "write": tuple(at + 2 for at in ring), "grow": tuple(at + 1 for at in ring),
    }.get(name, ())  # fmt: skip
    return [signed(word) if place in signs else word for place, word in enumerate(words)]
