"""The order that a connectivity check places: as small and as far from the market as the venue's own rules allow.

catalogue: K5. Rules by binance.md section 5: PRICE_FILTER, LOT_SIZE, NOTIONAL or MIN_NOTIONAL, and the price bands
PERCENT_PRICE_BY_SIDE (spot) and PERCENT_PRICE (USD-M), which forbid orders too far from the market.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Any

from pycore.errors import InputError

#: No nearer to the lower end of the venue's price band than half of it, and never further than this share of the bid.
_FURTHEST = Decimal("0.9")
#: A little more than the least notional, because the venue may value the order at another price than ours.
_NOTIONAL_MARGIN = Decimal("1.05")


@dataclass(frozen=True)
class ProbeOrder:
    """A buy that should never trade: price and quantity as the venue's decimals."""

    symbol: str
    price: str
    quantity: str

    def params(self, market: str, client_id: str) -> dict[str, str | int]:
        """The parameters of `order.place`: a post-only limit order under our client id."""
        kind = {"type": "LIMIT_MAKER"} if market == "spot" else {"type": "LIMIT", "timeInForce": "GTX"}
        return {
            "symbol": self.symbol,
            "side": "BUY",
            **kind,
            "price": self.price,
            "quantity": self.quantity,
            "newClientOrderId": client_id,
        }


def far_order(row: dict[str, Any], bid: Decimal) -> ProbeOrder:
    """The order for one symbol's row of exchangeInfo, with the best bid of now. InputError where none is possible."""
    filters = {entry["filterType"]: entry for entry in row["filters"]}
    tick, step = Decimal(filters["PRICE_FILTER"]["tickSize"]), Decimal(filters["LOT_SIZE"]["stepSize"])
    price = _to_step(bid * max(_FURTHEST, (1 + _band(filters)) / 2), tick, ROUND_DOWN)
    if not 0 < price < bid:
        raise InputError(
            f"a buy below the market of {row['symbol']} needs a price above 0, was bid {bid} and tick {tick}"
        )
    least = max(Decimal(filters["LOT_SIZE"]["minQty"]), _notional(filters) * _NOTIONAL_MARGIN / price, step)
    quantity = _to_step(least, step, ROUND_UP)
    return ProbeOrder(str(row["symbol"]), format(price, "f"), format(quantity, "f"))


def _band(filters: dict[str, Any]) -> Decimal:
    """The lowest price that a buy may have, as a share of the market's."""
    by_side = filters.get("PERCENT_PRICE_BY_SIDE", {}).get("bidMultiplierDown")
    both = filters.get("PERCENT_PRICE", {}).get("multiplierDown")
    return Decimal(str(by_side or both or 0))


def _notional(filters: dict[str, Any]) -> Decimal:
    """The least price times quantity; spot calls it `minNotional`, USD-M `notional`."""
    found = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or {}
    return Decimal(str(found.get("minNotional") or found.get("notional") or 0))


def _to_step(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    step = step.normalize()
    return (value / step).to_integral_value(rounding) * step
