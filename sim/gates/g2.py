"""Gate G2: everything that a strategy of a pool emits, recomputed on the real bytecode, with zero difference.

catalogue: S4, S10. Two worlds run side by side from one state: our core's pool, and the deployed contracts in the
simulator. In every block somebody else trades (on a seed) in both; then the strategy proposes, seeing only the core's
pool; each proposal is sent through the real position manager or router, and every parameter that it claimed is compared
with what the contracts did. At the end of the block every word of the pool's storage is compared with the core's state.
Pancake v3's pool is judged without a position manager and a router, because npm has none of its bytecode.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from native._core import ClammPool, EvmBlock, RevertError
from pycore.chain_proposal import (
    BurnRange,
    ChainProposal,
    ChainStrategy,
    ChainView,
    CollectRange,
    MintRange,
    SwapTokens,
)
from pycore.errors import InputError
from sim.gates.market import Market, RevertedError
from sim.gates.pancake import Pancake
from sim.gates.uniswap import Uniswap

#: Time between blocks, and of the first one, s.
_BLOCK_S = 12
_FIRST_S = 1_700_000_000
_FIRST_BLOCK = 18_000_000
#: Nobody else moves the price by more than this in one block: parts in 10,000 of its square root.
_MOVE_MAX = 300
#: What the strategy begins with of each token, in smallest units.
_WALLET = 10**20
_UNLIMITED_IN = (1 << 128) - 1
Pairs = Iterator[tuple[str, object, object]]


@dataclass(frozen=True)
class Difference:
    """One field in which the core (or what the strategy claimed) and the contracts differ."""

    block: int
    call: str
    field: str
    core: str
    contract: str


@dataclass
class Tally:
    """What was compared so far."""

    blocks: int = 0
    proposals: int = 0
    fields: int = 0


class Gate2:
    """One strategy under judgement, from one pool's state."""

    def __init__(self, pool: ClammPool, strategy: ChainStrategy, seed: int) -> None:
        """Deploys the contracts and writes the pool's state into them. Raises `MissingArtifactError` without them."""
        self.tally = Tally()
        self._strategy = strategy
        self._random = random.Random(seed)
        self._core = pool.copy()
        kind = Uniswap if pool.family == "uniswap" else Pancake
        self._market: Market = kind(pool.fee, pool.tick_spacing)
        self._market.adopt(self._core)
        observed = [time_s for time_s, _, _, written in pool.state()["observations"] if written]
        self._number, self._time_s = _FIRST_BLOCK, max(_FIRST_S, *observed)
        self._wallet = [_WALLET, _WALLET]

    def block(self) -> Difference | None:
        """Runs one more block; the first field that differs, or None."""
        self._number += 1
        self._time_s += _BLOCK_S
        self._market.block = EvmBlock(number=self._number, timestamp=self._time_s)
        found = next(self._differences(), None)
        self.tally.blocks += 1
        return found

    def _differences(self) -> Iterator[Difference]:
        yield from self._compared("others' swap", self._others())
        wallet = [str(amount) for amount in self._wallet]
        view = ChainView(self._core.copy(), self._market.positions, self._number, self._time_s, *wallet)
        for proposal in self._strategy.propose(view):
            self.tally.proposals += 1
            yield from self._compared(type(proposal).__name__, self._judge(proposal))
        yield from self._compared("state", self._storage())

    def _compared(self, call: str, pairs: Pairs) -> Iterator[Difference]:
        """Those that are not equal; a call that only one of the two refuses is one too."""
        try:
            for field, core, contract in pairs:
                self.tally.fields += 1
                if str(core) != str(contract):
                    yield Difference(self._number, call, field, str(core), str(contract))
        except RevertedError as refused:
            yield Difference(self._number, call, "outcome", "accepted", str(refused))
        except RevertError as refused:
            yield Difference(self._number, call, "outcome", f"reverted: {refused.args[0]}", "accepted")

    def _others(self) -> Pairs:
        """Somebody's swap of a random size, held by a price limit, in both worlds."""
        zero_for_one, exact_in = self._random.random() < 0.5, self._random.random() < 0.5
        size = max(1, self._core.liquidity >> self._random.randrange(2, 40))
        specified = self._random.randrange(1, size + 1) * (1 if exact_in else -1)
        move = self._random.randrange(1, _MOVE_MAX)
        price = self._core.sqrt_price
        limit = price * (10_000 - move) // 10_000 if zero_for_one else price * (10_000 + move) // 10_000
        theirs = self._market.swap(zero_for_one, specified, 0 if exact_in else _UNLIMITED_IN, limit)
        ours = self._core.swap(zero_for_one, specified, limit, self._time_s)
        for field in ("amount0", "amount1", "sqrt_price", "liquidity", "tick"):
            yield field, getattr(ours, field), getattr(theirs, field)

    def _judge(self, proposal: ChainProposal) -> Pairs:
        """Each claim beside what the contracts did; the core's pool follows the same way."""
        match proposal:
            case MintRange():
                return self._mint(proposal)
            case BurnRange():
                return self._burn(proposal)
            case CollectRange():
                return self._collect(proposal)
            case SwapTokens():
                return self._swap(proposal)

    def _mint(self, mint: MintRange) -> Pairs:
        desired = (_amount(mint, "amount0_desired"), _amount(mint, "amount1_desired"))
        least = (_amount(mint, "amount0_min"), _amount(mint, "amount1_min"))
        liquidity, amount0, amount1 = self._market.mint(mint.lower, mint.upper, desired, least)
        yield "liquidity", mint.liquidity, liquidity
        yield "amount0", mint.amount0, amount0
        yield "amount1", mint.amount1, amount1
        self._spend(amount0, amount1)
        self._core.mint(self._market.positions, mint.lower, mint.upper, liquidity, self._time_s)

    def _burn(self, burn: BurnRange) -> Pairs:
        least = (_amount(burn, "amount0_min"), _amount(burn, "amount1_min"))
        liquidity = _amount(burn, "liquidity")
        amount0, amount1 = self._market.burn(burn.lower, burn.upper, liquidity, least)
        yield "amount0", burn.amount0, amount0
        yield "amount1", burn.amount1, amount1
        self._core.burn(self._market.positions, burn.lower, burn.upper, liquidity, self._time_s)

    def _collect(self, collect: CollectRange) -> Pairs:
        amount0, amount1 = self._market.collect(collect.lower, collect.upper)
        yield "amount0", collect.amount0, amount0
        yield "amount1", collect.amount1, amount1
        self._spend(-amount0, -amount1)
        owner = self._market.positions
        held = {(key[1], key[2]): position for key, position in self._core.positions_of(owner)}
        if held[collect.lower, collect.upper].liquidity:
            # The position manager pokes a position that still has liquidity, so that its fees are up to date.
            self._core.burn(owner, collect.lower, collect.upper, 0, self._time_s)
        self._core.collect(owner, collect.lower, collect.upper, amount0, amount1)

    def _swap(self, swap: SwapTokens) -> Pairs:
        specified, limit = _amount(swap, "amount_specified"), _amount(swap, "sqrt_price_limit")
        theirs = self._market.swap(swap.zero_for_one, specified, _amount(swap, "amount_limit"), limit)
        for field in ("amount0", "amount1", "sqrt_price", "liquidity", "tick"):
            yield field, getattr(swap, field), getattr(theirs, field)
        self._spend(theirs.amount0, theirs.amount1)
        self._core.swap(swap.zero_for_one, specified, limit or None, self._time_s)

    def _spend(self, amount0: int, amount1: int) -> None:
        self._wallet = [self._wallet[0] - amount0, self._wallet[1] - amount1]

    def _storage(self) -> Pairs:
        """Every word of the pool's storage; one pair stands for all that are equal."""
        differences = self._market.compare(self._core)
        for name, core, contract in differences:
            yield name, f"{core:#x}", f"{contract:#x}"
        if not differences:
            yield "storage", "equal", "equal"


def _amount(proposal: ChainProposal, field: str) -> int:
    """A decimal string of the smallest unit. Raises `InputError` that names proposal and field."""
    text = getattr(proposal, field)
    digits = text.removeprefix("-") if isinstance(text, str) else ""
    if not (digits.isascii() and digits.isdigit()):
        raise InputError(
            f"{type(proposal).__name__}.{field} must be a decimal string of the smallest unit, was {text!r}"
        )
    return int(text)
