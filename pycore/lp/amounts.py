"""Liquidity for amounts of two tokens, and back: the arithmetic of whoever calls a pool, exact in whole units.

catalogue: P4. The rule is that of Uniswap's periphery (LiquidityAmounts, used by its position manager): within a range
each token allows so much liquidity, and the lesser of both is given. Prices are square roots, Q64.96; everything is
rounded down, so what is asked for can always be paid.
"""

from __future__ import annotations

from native._core import InputError

Q96 = 1 << 96
_LIQUIDITY_MAX = (1 << 128) - 1


def liquidity_for(price: int, lower: int, upper: int, amount0: int, amount1: int) -> int:
    """The most liquidity on the range from `lower` to `upper` (square-root prices) that the amounts pay for at `price`.

    InputError for a range that is none, for negative amounts, and for more than a pool can hold.
    """
    lower, upper = _range(lower, upper)
    if amount0 < 0 or amount1 < 0:
        raise InputError(f"amounts must be 0 or more, was {amount0} and {amount1}")
    if price <= lower:
        found = _for_amount0(lower, upper, amount0)
    elif price < upper:
        found = min(_for_amount0(price, upper, amount0), _for_amount1(lower, price, amount1))
    else:
        found = _for_amount1(lower, upper, amount1)
    if found > _LIQUIDITY_MAX:
        raise InputError(f"liquidity must be at most 2^128 - 1, was {found}")
    return found


def amounts_of(price: int, lower: int, upper: int, liquidity: int) -> tuple[int, int]:
    """What liquidity on a range is worth at `price`, rounded down: what a burn gives back. InputError as above."""
    lower, upper = _range(lower, upper)
    if liquidity < 0:
        raise InputError(f"liquidity must be 0 or more, was {liquidity}")
    at = min(max(price, lower), upper)
    amount0 = (liquidity * Q96 * (upper - at) // upper) // at
    return amount0, liquidity * (at - lower) // Q96


def _for_amount0(lower: int, upper: int, amount0: int) -> int:
    return amount0 * (lower * upper // Q96) // (upper - lower)


def _for_amount1(lower: int, upper: int, amount1: int) -> int:
    return amount1 * Q96 // (upper - lower)


def _range(lower: int, upper: int) -> tuple[int, int]:
    if not 0 < lower < upper:
        raise InputError(f"a range must be from a lower to an upper price above 0, was {lower} to {upper}")
    return lower, upper
