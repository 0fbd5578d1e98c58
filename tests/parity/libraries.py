"""Vectors of the libraries that work on stored values: bitmap, tick, position; plain text that a Rust test reads.

catalogue: S4. They have no face in Python, so the test is the core's own (`clamm/library_tests.rs`). A line is the name
of a function, its arguments, `=`, and the results in decimal; or `!` and the reason of the revert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.parity.evm import Call, answers, batch, call_data, reason, signed, unsigned
from tests.parity.functions import Arguments, batcher
from tests.parity.lives import libraries
from tests.parity.scenario import TICK_MAX
from tests.parity.vectors import PLACE

FILE = PLACE / "libraries.txt"
COUNT = 200
SPACINGS = (1, 2, 10, 50, 60, 200, 16383)
INFO = "(uint128,int128,uint256,uint256,int56,uint160,uint32,bool)"
SIGNATURES = {
    "next_tick": "nextInitializedTick(int24,int24,bool,uint256)",
    "flip": "flipTick(int24,int24,uint256)",
    "max_liquidity": "maxLiquidityPerTick(int24)",
    "inside": "feeGrowthInside(int24,int24,int24,uint256[6])",
    "cross": f"crossTick({INFO},uint256[2],uint160,int56,uint32)",
    "position": "updatePosition((uint128,uint256,uint256,uint128,uint128),int128,uint256,uint256)",
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

    def _tick_within(self) -> int:
        return self.random.choice((self.random.randint(-TICK_MAX, TICK_MAX), self.random.randint(-600, 600)))


def lines() -> Iterator[str]:
    """Every vector as its line."""
    drawn = Stored(77)
    engine, address = libraries()
    for name, signature in SIGNATURES.items():
        draw: Callable[[], list[int]] = getattr(drawn, name)
        asked = [draw() for _ in range(COUNT)]
        # Tuples and arrays of fixed size are encoded as the words that they are.
        calls = [Call(address, call_data(signature, *args)) for args in asked]
        for args, answer in zip(asked, answers(engine.call(batcher(), batch(calls))), strict=True):
            given = " ".join(map(str, args))
            if answer.ok:
                yield f"{name} {given} = {' '.join(map(str, _results(name, unsigned(answer.data))))}"
            else:
                yield f"{name} {given} ! {reason(answer.data)}".rstrip()


def _results(name: str, words: list[int]) -> list[int]:
    """The words with the signs that the function's results have."""
    signs = {"next_tick": (0,), "cross": (0, 2, 5)}.get(name, ())
    return [signed(word) if place in signs else word for place, word in enumerate(words)]
