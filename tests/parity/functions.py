"""Vectors of single library functions: what the compiled libraries of the v3 core answer to arguments that hurt.

catalogue: S4. The names are those of `native._core.ClammMath`; each has the signature of the function in
`contracts/Libraries.sol` and the kinds of its arguments. Arguments are drawn from a seed, the answers are the EVM's.
`python -m tests.parity.functions --count N --seed S` asks both for fresh arguments: exit 1 on a difference.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from random import Random
from typing import NamedTuple

from native._core import ClammMath, RevertError
from tests.parity.evm import Call, answers, batch, call_data, reason, signed, unsigned
from tests.parity.lives import libraries
from tests.parity.scenario import PRICE_MAX, PRICE_MIN, TICK_MAX, price_near
from tests.parity.solc import compile_contracts

Row = tuple[list[int], list[int] | str]
CALLS_A_BATCH = 2000


class Function(NamedTuple):
    """One function: its signature in Solidity, the kinds of its arguments, and which of its results are signed."""

    signature: str
    kinds: tuple[str, ...]
    signed: bool = False


FUNCTIONS = {
    "sqrt_price_at_tick": Function("priceAtTick(int24)", ("tick",)),
    "tick_at_sqrt_price": Function("tickAtPrice(uint160)", ("price",), signed=True),
    "mul_div": Function("mulDiv(uint256,uint256,uint256)", ("u256", "u256", "u256")),
    "mul_div_up": Function("mulDivUp(uint256,uint256,uint256)", ("u256", "u256", "u256")),
    "div_rounding_up": Function("divUp(uint256,uint256)", ("u256", "u256")),
    "add_delta": Function("addDelta(uint128,int128)", ("u128", "i128")),
    "most_significant_bit": Function("highestBit(uint256)", ("u256",)),
    "least_significant_bit": Function("lowestBit(uint256)", ("u256",)),
    "next_price_from_amount0": Function(
        "nextPriceFromAmount0(uint160,uint128,uint256,bool)", ("price", "liquidity", "amount", "bool")
    ),
    "next_price_from_amount1": Function(
        "nextPriceFromAmount1(uint160,uint128,uint256,bool)", ("price", "liquidity", "amount", "bool")
    ),
    "next_price_from_input": Function(
        "nextPriceFromInput(uint160,uint128,uint256,bool)", ("price", "liquidity", "amount", "bool")
    ),
    "next_price_from_output": Function(
        "nextPriceFromOutput(uint160,uint128,uint256,bool)", ("price", "liquidity", "amount", "bool")
    ),
    "amount0_delta": Function("amount0Delta(uint160,uint160,uint128,bool)", ("price", "price", "liquidity", "bool")),
    "amount1_delta": Function("amount1Delta(uint160,uint160,uint128,bool)", ("price", "price", "liquidity", "bool")),
    "amount0_delta_signed": Function(
        "amount0DeltaSigned(uint160,uint160,int128)", ("price", "price", "i128"), signed=True
    ),
    "amount1_delta_signed": Function(
        "amount1DeltaSigned(uint160,uint160,int128)", ("price", "price", "i128"), signed=True
    ),
    "swap_step": Function(
        "swapStep(uint160,uint160,uint128,int256,uint24)", ("price", "price", "liquidity", "i256", "fee")
    ),
}


class Arguments:
    """Draws arguments: any count of bits, all or one of them set, and the values at which the rules change."""

    def __init__(self, seed: int) -> None:
        """The same seed draws the same arguments."""
        self.random = Random(seed)

    def draw(self, kinds: Sequence[str]) -> list[int]:
        """One argument of each kind; prices of one call are often close to each other."""
        args = [int(getattr(self, f"_{kind}")()) for kind in kinds]
        prices = [place for place, kind in enumerate(kinds) if kind == "price"]
        if len(prices) == 2 and self.random.random() < 0.4:
            moved = args[prices[0]] + self.random.choice((1, -1)) * self._bits(args[prices[0]].bit_length())
            args[prices[1]] = min(max(moved, 0), 2**160 - 1)
        return args

    def _bits(self, most: int) -> int:
        count = self.random.randint(0, most)
        drawn = self.random.getrandbits(count)
        return self.random.choice((drawn, drawn, drawn, 1 << max(count - 1, 0), (1 << count) - 1))

    def _u256(self) -> int:
        return self._bits(256)

    def _u128(self) -> int:
        return self.random.choice((self._bits(128), self._bits(128), 2**128 - 1 - self._bits(100)))

    def _liquidity(self) -> int:
        return self.random.choice((self._bits(128), self._bits(90)))

    def _amount(self) -> int:
        return self.random.choice((self._bits(256), self._bits(128), self._bits(90)))

    def _i128(self) -> int:
        return self._signed(127)

    def _i256(self) -> int:
        return self.random.choice((self._signed(255), self._signed(127), self._signed(90)))

    def _signed(self, bits: int) -> int:
        drawn = self._bits(bits)
        return self.random.choice((drawn, -drawn, -drawn - 1))

    def _bool(self) -> bool:
        return self.random.random() < 0.5

    def _fee(self) -> int:
        return self.random.choice((100, 500, 3000, 10000, 0, 1, 999_999, self.random.randrange(10**6)))

    def _tick(self) -> int:
        edge = self.random.choice((1, -1)) * (TICK_MAX + self.random.choice((-1, 0, 1)))
        return self.random.choice((self.random.randint(-TICK_MAX, TICK_MAX), self.random.randint(-300, 300), edge))

    def _price(self) -> int:
        edges = (PRICE_MIN - 1, PRICE_MIN, PRICE_MIN + 1, PRICE_MAX - 1, PRICE_MAX, PRICE_MAX + 1, 0, 1, 2**160 - 1)
        dice = self.random.random()
        if dice < 0.05:
            return self.random.choice(edges)
        if dice < 0.3:
            return self._bits(160)
        return price_near(self.random.randint(-TICK_MAX, TICK_MAX)) + self.random.getrandbits(30)


def rows(name: str, count: int, seed: int) -> Iterator[Row]:
    """`count` vectors of a function: the arguments, and the results or the reason of the revert."""
    function, arguments = FUNCTIONS[name], Arguments(seed)
    engine, address = libraries()
    for start in range(0, count, CALLS_A_BATCH):
        drawn = [arguments.draw(function.kinds) for _ in range(min(CALLS_A_BATCH, count - start))]
        calls = [Call(address, call_data(function.signature, *args)) for args in drawn]
        for args, answer in zip(drawn, answers(engine.call(batcher(), batch(calls))), strict=True):
            words = unsigned(answer.data) if answer.ok else []
            got = [signed(value) for value in words] if function.signed else words
            yield args, got if answer.ok else reason(answer.data)


@cache
def batcher() -> str:
    """A contract beside the libraries that makes many calls in one."""
    engine, _ = libraries()
    return engine.deploy(compile_contracts("Driver")["Driver"] + bytes(64))


def ours(name: str, args: Sequence[int]) -> list[int] | str:
    """What our core answers, in the words of a vector."""
    given = [bool(arg) if kind == "bool" else arg for kind, arg in zip(FUNCTIONS[name].kinds, args, strict=True)]
    try:
        got = getattr(ClammMath(), name)(*given)
    except RevertError as error:
        return reason(error.args[1])
    return list(got) if isinstance(got, list | tuple) else [got]


def main(words: list[str]) -> int:
    """Asks both for fresh arguments, prints the first differences and a JSON summary last."""
    parser = argparse.ArgumentParser(prog="tests.parity.functions", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="vectors for each function")
    parser.add_argument("--seed", type=int, default=1, help="which arguments are drawn")
    given = parser.parse_args(words)
    differences = 0
    for place, name in enumerate(FUNCTIONS):
        found = rows(name, given.count, given.seed * len(FUNCTIONS) + place)
        wrong = [(args, expected, ours(name, args)) for args, expected in found if ours(name, args) != expected]
        differences += len(wrong)
        print(f"{name:<26} {given.count:>8} vectors, {len(wrong)} differences", *wrong[:3], flush=True)
    compared = given.count * len(FUNCTIONS)
    row = {"summary": True, "suite": "parity functions", "seed": given.seed, "compared": compared}
    print(json.dumps({**row, "differences": differences}))
    return int(differences > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
