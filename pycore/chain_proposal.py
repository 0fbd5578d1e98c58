"""What a strategy of a pool proposes: a call on the chain with every parameter, and what our core says will come of it.

catalogue: P4, S4. Amounts are decimal strings of the token's smallest unit, as commands.md wants them. Each proposal
carries its claims, computed by the core before anything is sent; gate G2 recomputes each on the contracts' bytecode.
A range (lower, upper) is a position: the strategy has at most one on each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class MintRange:
    """Adds liquidity to a range: at most the desired amounts, at least the minimum ones, or nothing at all.

    Claims: the liquidity that the amounts give, and what of them is taken.
    """

    lower: int
    upper: int
    amount0_desired: str
    amount1_desired: str
    amount0_min: str
    amount1_min: str
    liquidity: str
    amount0: str
    amount1: str


@dataclass(frozen=True, slots=True)
class BurnRange:
    """Takes liquidity out of a range, to be collected later; not below the minimum amounts.

    Claims: what it is worth, without fees.
    """

    lower: int
    upper: int
    liquidity: str
    amount0_min: str
    amount1_min: str
    amount0: str
    amount1: str


@dataclass(frozen=True, slots=True)
class CollectRange:
    """Collects all that is owed to a range: what was burned and every fee. Claims: the amounts."""

    lower: int
    upper: int
    amount0: str
    amount1: str


@dataclass(frozen=True, slots=True)
class SwapTokens:
    """Swaps in the pool: `amount_specified` goes in when it is positive, and comes out when it is negative.

    `amount_limit` is the least that may come out, or the most that may go in; `sqrt_price_limit` is Q64.96, "0" none.
    Claims: the pool's two amounts (positive goes in), and its price, tick and liquidity afterwards.
    """

    zero_for_one: bool
    amount_specified: str
    amount_limit: str
    sqrt_price_limit: str
    amount0: str
    amount1: str
    sqrt_price: str
    tick: int
    liquidity: str


ChainProposal = MintRange | BurnRange | CollectRange | SwapTokens


@dataclass(frozen=True, slots=True)
class ChainView:
    """What a strategy of a pool sees: the pool as our core has it (a copy, to compute on), and the block that is next.

    `owner` is whose positions the strategy has in the pool; `amount0` and `amount1` are what its wallet holds.
    """

    pool: Any
    owner: str
    block: int
    time_s: int
    amount0: str
    amount1: str


class ChainStrategy(Protocol):
    """A strategy of one pool: called once a block, a function of what it has seen."""

    def propose(self, view: ChainView, /) -> Sequence[ChainProposal]:
        """The calls to make in the next block, in order; each claim holds after the calls before it."""
