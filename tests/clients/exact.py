"""What a fill must cost, to the last digit, and what the venue must say to a bad request: shared by all rounds.

Fees follow the venue's public schedule without discounts: spot takes 0.1 % of what is received, USD-M 0.05 % of the
notional from takers; both cut at 1e-8. Texts are the venue's, of binance.md §4 and its public error-code pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

UNIT = Decimal("0.00000001")
SPOT_RATE = Decimal("0.001")
USDM_TAKER_RATE = Decimal("0.0005")

# market: check: (code, text)
REFUSALS: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "spot": {
        "insufficient_balance": (-2010, "Account has insufficient balance for requested action."),
        "post_only_would_match": (-2010, "Order would immediately match and take."),
        "unknown_symbol": (-1121, "Invalid symbol."),
        "bad_price": (-1013, "Filter failure: PRICE_FILTER"),
        "bad_lot": (-1013, "Filter failure: LOT_SIZE"),
        "unknown_order": (-2011, "Unknown order sent."),
        "bad_signature": (-1022, "Signature for this request is not valid."),
        "bad_timestamp": (-1021, "Timestamp for this request is outside of the recvWindow."),
    },
    "usdm": {
        "insufficient_balance": (-2019, "Margin is insufficient."),
        "post_only_would_match": (
            -5022,
            "Due to the order could not be executed as maker, the Post Only order will be rejected. "
            "The order will not be recorded in the order history",
        ),
        "unknown_symbol": (-1121, "Invalid symbol."),
        "bad_price": (-4014, "Price not increased by tick size."),
        "bad_lot": (-1111, "Precision is over the maximum defined for this asset."),
        "unknown_order": (-2011, "Unknown order sent."),
        "bad_signature": (-1022, "Signature for this request is not valid."),
        "bad_timestamp": (-1021, "Timestamp for this request is outside of the recvWindow."),
    },
}


@dataclass(frozen=True)
class Rules:
    """A contract's steps as exchangeInfo says them."""

    tick: Decimal
    lot: Decimal
    min_notional: Decimal


# market: symbol: steps that the box lists, which are those of the venue in 2024.
LISTED: Mapping[str, Mapping[str, Rules]] = {
    "spot": {
        "BTCUSDT": Rules(Decimal("0.01"), Decimal("0.00001"), Decimal(5)),
        "ETHUSDT": Rules(Decimal("0.01"), Decimal("0.0001"), Decimal(5)),
    },
    "usdm": {
        "BTCUSDT": Rules(Decimal("0.1"), Decimal("0.001"), Decimal(50)),
        "ETHUSDT": Rules(Decimal("0.01"), Decimal("0.001"), Decimal(20)),
    },
}
OPENING: Mapping[str, Mapping[str, Decimal]] = {
    "spot": {"BTC": Decimal(1), "USDT": Decimal(100_000)},
    "usdm": {"USDT": Decimal(100_000)},
}


@dataclass(frozen=True)
class Fill:
    """One own trade: exact decimals; `realized` is USD-M's profit of a closing trade."""

    price: Decimal
    qty: Decimal
    fee: Decimal
    fee_asset: str
    realized: Decimal = Decimal(0)


@dataclass(frozen=True)
class Holdings:
    """What an account has: assets (spot: free and locked together; USD-M: wallet) and the position in BTCUSDT."""

    assets: Mapping[str, Decimal]
    position: Decimal = Decimal(0)


def cut(amount: Decimal) -> Decimal:
    """An amount of money cut at 1e-8."""
    return amount.quantize(UNIT, ROUND_DOWN)


def spot_fee(side: str, price: Decimal, qty: Decimal) -> tuple[Decimal, str]:
    """Fee and its asset of one spot fill of BTCUSDT: a share of what is received."""
    return (cut(qty * SPOT_RATE), "BTC") if side == "BUY" else (cut(price * qty * SPOT_RATE), "USDT")


def usdm_fee(price: Decimal, qty: Decimal) -> tuple[Decimal, str]:
    """Fee and its asset of one taker fill on USD-M."""
    return cut(price * qty * USDM_TAKER_RATE), "USDT"


def same(what: str, was: object, wanted: object) -> None:
    """Raises AssertionError naming both values unless they are equal."""
    if was != wanted:
        raise AssertionError(f"{what} must be {wanted}, was {was}")


def check_fills(market: str, side: str, qty: Decimal, fills: Sequence[Fill]) -> None:
    """The fills of a taker order of `qty`: together its size, each with exactly the fee that its price and size ask."""
    same("the filled size", sum(fill.qty for fill in fills), qty)
    for fill in fills:
        wanted = spot_fee(side, fill.price, fill.qty) if market == "spot" else usdm_fee(fill.price, fill.qty)
        same(f"the fee of {fill.qty} at {fill.price}", (fill.fee, fill.fee_asset), wanted)


def after_fills(market: str, side: str, before: Holdings, fills: Sequence[Fill]) -> Holdings:
    """What an account has after these fills of BTCUSDT."""
    sign = 1 if side == "BUY" else -1
    assets, position = dict(before.assets), before.position
    for fill in fills:
        if market == "spot":
            assets["BTC"] += sign * fill.qty
            assets["USDT"] -= sign * fill.qty * fill.price
        else:
            position += sign * fill.qty
            assets["USDT"] += fill.realized
        assets[fill.fee_asset] -= fill.fee
    return Holdings(assets, position)


def check_realized(entry: Sequence[Fill], closing: Sequence[Fill]) -> None:
    """USD-M: the profit of closing all of a long at once is what it sold for less what it cost, cut once a fill."""
    cost = sum(fill.price * fill.qty for fill in entry)
    got = sum(fill.price * fill.qty for fill in closing)
    off = sum((fill.realized for fill in closing), Decimal(0)) - (got - cost)
    if abs(off) > UNIT * len(closing):
        raise AssertionError(f"the realised profit must be {got - cost} but for {len(closing)} cuts, was off by {off}")
