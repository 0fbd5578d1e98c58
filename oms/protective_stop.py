"""A stop that the venue itself keeps for a USD-M position: a conditional order that closes all of it at the mark price.

catalogue: O2, R6. `POST /fapi/v1/algoOrder` with STOP_MARKET, `closePosition` and `workingType` MARK_PRICE (Binance's
algo service; binance.md section 3). It can only close, so the gate has nothing to check; it is not in the order table,
and what it executes comes as a foreign order's fill, which position and ledger book like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from oms.binance_rest import Rest, VenueError

#: What our stops' client ids begin with; no order of the table has such an id (native/core/src/decode/client_id.rs).
PREFIX = "stop-tw-"
_BASIS_POINT = Decimal(10_000)
_E8 = Decimal(100_000_000)
#: "Unknown order sent": it has fired, or ended with its position.
_UNKNOWN_ORDER = -2011


@dataclass(frozen=True)
class Stop:
    """The stop that a position wants: SELL under a long one, BUY above a short one; `trigger` is a decimal price."""

    symbol: str
    side: str
    trigger: Decimal

    def near(self, other: Stop, slack: Decimal) -> bool:
        """Whether the other may stay in its place: same side, triggers at most `slack` apart."""
        return (self.symbol, self.side) == (other.symbol, other.side) and abs(self.trigger - other.trigger) <= slack


def wanted(symbol: str, qty: int, entry_e8: int, distance_bp: int, tick: Decimal) -> Stop | None:
    """The stop of a position of `qty` lots (negative: short) entered at `entry_e8`; None for a flat one.

    The trigger is `distance_bp` basis points beyond the entry, on the tick next to the entry's side.
    """
    if qty == 0 or entry_e8 <= 0:
        return None
    entry, away = entry_e8 / _E8, distance_bp / _BASIS_POINT
    if qty > 0:
        ticks = (entry * (1 - away) / tick).to_integral_value(ROUND_CEILING)
        return Stop(symbol, "SELL", max(ticks, Decimal(1)) * tick)
    return Stop(symbol, "BUY", (entry * (1 + away) / tick).to_integral_value(ROUND_FLOOR) * tick)


async def place(rest: Rest, stop: Stop) -> str:
    """Leaves the stop with the venue; its client id. Raises `VenueError`."""
    client_id = f"{PREFIX}{rest.clock.utc_ns():x}"
    params: dict[str, str | int] = {
        "algoType": "CONDITIONAL",
        "symbol": stop.symbol,
        "side": stop.side,
        "type": "STOP_MARKET",
        "closePosition": "true",
        "triggerPrice": f"{stop.trigger:f}",
        "workingType": "MARK_PRICE",
        "clientAlgoId": client_id,
    }
    await rest.call("POST", "algo_order", params)
    return client_id


async def cancel(rest: Rest, symbol: str, client_id: str) -> None:
    """Takes a stop back; done also where it is over already. Raises `VenueError`."""
    try:
        await rest.call("DELETE", "algo_order", {"symbol": symbol, "clientAlgoId": client_id})
    except VenueError as error:
        if error.code != _UNKNOWN_ORDER:
            raise
