"""Independent Reserve's single orders: a channel a currency, each message numbered; whole books over REST.

catalogue: M1, M2. <https://github.com/independentreserve/websockets/blob/master/orderbook-ticker.md> and
`GetAllOrders` of <https://www.independentreserve.com/api>. A symbol is a currency and the money it is priced in,
`eth-aud`; its channel is that of the currency. A heartbeat comes once a minute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, ALIVE, Control, Endpoints, Venue, frame, refused
from native._core import InputError


class IndependentReserve(Venue):
    """Independent Reserve's `orderbook`."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """One message with the channels of all currencies."""
        currencies = dict.fromkeys(_parts(symbol)[0] for symbol in symbols)
        return [frame({"Event": "Subscribe", "Data": [f"orderbook-{currency}" for currency in currencies]})]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """REST has the whole book."""
        return []

    def book_request(self, symbol: str) -> str:
        """Every order of a currency in one money."""
        currency, money = _parts(symbol)
        return f"/Public/GetAllOrders?primaryCurrencyCode={currency}&secondaryCurrencyCode={money}"

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """`Subscriptions` lists what holds."""
        match message.get("Event"):
            case "Subscriptions":
                return ACCEPTED
            case "Heartbeat":
                return ALIVE
            case "Error":
                return refused(message.get("Data"))
        return None


def _parts(symbol: str) -> tuple[str, str]:
    currency, dash, money = symbol.partition("-")
    if not dash or not currency or not money:
        raise InputError(f"symbol must be a currency and a money as in eth-aud, was {symbol}")
    return currency, money


INDEPENDENT_RESERVE = IndependentReserve(
    feed="independent-reserve",
    production=Endpoints("https://api.independentreserve.com", "wss://websockets.independentreserve.com"),
    stale_s=130.0,
    symbols_max=20,
    whole_by_rest=True,
    orders=True,
)
