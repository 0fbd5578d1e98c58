"""What others do in a pool, block by block: the calls that a backtest puts a strategy's own among.

catalogue: S4. A flow gives blocks in order and, for each, calls on the pool as it is then: recorded ones are the same
whatever the pool does, generated ones look at it first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol


class Block(NamedTuple):
    """A block: its number, its time in s since the epoch, and what a unit of gas costs in it, in wei."""

    number: int
    time_s: int
    gas_price: int


class SwapCall(NamedTuple):
    """`amount` goes in when it is positive and comes out when negative, up to a price (Q64.96), None for any."""

    zero_for_one: bool
    amount: int
    limit: int | None = None

    def apply(self, pool: Any, time_s: int) -> None:
        """Raises `RevertError` where the pool refuses, and then changes nothing."""
        pool.swap(self.zero_for_one, self.amount, self.limit, time_s)


class MintCall(NamedTuple):
    """Adds liquidity to somebody's position."""

    owner: str
    lower: int
    upper: int
    liquidity: int

    def apply(self, pool: Any, time_s: int) -> None:
        """As `SwapCall.apply`."""
        pool.mint(self.owner, self.lower, self.upper, self.liquidity, time_s)


class BurnCall(NamedTuple):
    """Takes liquidity out of somebody's position; 0 counts its fees."""

    owner: str
    lower: int
    upper: int
    liquidity: int

    def apply(self, pool: Any, time_s: int) -> None:
        """As `SwapCall.apply`."""
        pool.burn(self.owner, self.lower, self.upper, self.liquidity, time_s)


class FlashCall(NamedTuple):
    """A loan within one transaction, and what was paid above it: fees without a swap."""

    amount0: int
    amount1: int
    paid0: int
    paid1: int

    def apply(self, pool: Any, time_s: int) -> None:
        """As `SwapCall.apply`."""
        del time_s  # the oracle is not written
        pool.flash(self.amount0, self.amount1, (self.amount0 + self.paid0, self.amount1 + self.paid1))


class ShareCall(NamedTuple):
    """The protocol's shares of the fees change."""

    share0: int
    share1: int

    def apply(self, pool: Any, time_s: int) -> None:
        """As `SwapCall.apply`."""
        del time_s  # it does not matter when
        pool.set_fee_protocol(self.share0, self.share1)


Call = SwapCall | MintCall | BurnCall | FlashCall | ShareCall


class Flow(Protocol):
    """A market of one pool."""

    def blocks(self) -> Iterator[Block]:
        """The blocks, in order."""

    def calls(self, block: Block, pool: Any) -> Iterable[Call]:
        """What others do in a block, in order; `pool` is as it is before them."""
