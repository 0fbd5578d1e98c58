"""The kill's hands on Binance: cancel-all and flattening market orders by signed REST, one class a market.

catalogue: R5, O2. Spot: `DELETE /api/v3/openOrders`, then a market sale of what exceeds the holding to keep. USD-M:
`DELETE /fapi/v1/allOpenOrders` and `algoOpenOrders`, then reduce-only market orders (in hedge mode: on the position's
side, where the venue itself refuses to open). Sizes respect LOT_SIZE and MARKET_LOT_SIZE of the live exchangeInfo.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from native import _core
from oms import open_orders
from oms.account import to_decimal
from oms.binance_rest import Rest, VenueError
from risk.kill import Held

#: "ReduceOnly Order is rejected": the position went to zero before the order came (binance.md section 4).
_NOTHING_TO_REDUCE = -2022
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Lots:
    """What a market order of a symbol may be: base-asset sizes; `most` is None where the venue sets no bound."""

    least: Decimal
    step: Decimal
    most: Decimal | None

    def pieces(self, size: Decimal) -> list[Decimal]:
        """The orders that together are the size, rounded down to the step; none where it is below the least."""
        rest = size if self.step == 0 else (size / self.step).to_integral_value(ROUND_FLOOR) * self.step
        pieces = []
        while rest > 0 and rest >= self.least:
            piece = rest if self.most is None else min(rest, self.most)
            pieces.append(piece)
            rest -= piece
        return pieces


def lots_of(row: Mapping[str, Any]) -> Lots:
    """The lot rules of one symbol's row of exchangeInfo: the stricter of LOT_SIZE and MARKET_LOT_SIZE, 0 is no rule."""
    filters = [entry for entry in row["filters"] if entry["filterType"] in ("LOT_SIZE", "MARKET_LOT_SIZE")]

    def values(name: str) -> list[Decimal]:
        found = [to_decimal(name, entry[name]) for entry in filters]
        return [value for value in found if value > 0]

    return Lots(max(values("minQty"), default=_ZERO), max(values("stepSize"), default=_ZERO), min(values("maxQty")))


@dataclass
class LinearDesk:
    """One account on USD-M."""

    rest: Rest
    market: str = field(default="linear", init=False)
    _lots: dict[str, Lots] = field(default_factory=dict, init=False)

    async def open_orders(self) -> dict[str, set[str]]:
        """Plain orders and conditional (algo) ones: both can open a position."""
        return await _open_ids(self.rest)

    async def cancel_all(self, symbol: str) -> None:
        """Both kinds."""
        await open_orders.cancel_all(self.rest, symbol)

    async def held(self) -> list[Held]:
        """Every position that is not zero."""
        rows = await self.rest.call("GET", "positions")
        found = [
            Held(row["symbol"], to_decimal("positionAmt", row["positionAmt"]), row.get("positionSide", "BOTH"))
            for row in rows
        ]
        return [held for held in found if held.size != 0]

    async def flatten(self, held: Held) -> None:
        """Market orders against the position that the venue lets only reduce it."""
        if not self._lots:
            self._lots = await _all_lots(self.rest)
        side = "SELL" if held.size > 0 else "BUY"
        mode = {"reduceOnly": "true"} if held.side == "BOTH" else {"positionSide": held.side}
        for piece in self._lots[held.symbol].pieces(abs(held.size)):
            try:
                await _market(self.rest, held.symbol, side, piece, mode)
            except VenueError as error:
                if error.code != _NOTHING_TO_REDUCE:
                    raise
                return


@dataclass
class SpotDesk:
    """One account on spot. `bases` says on which symbol an asset is sold, `keep` how much of it stays.

    An asset that `keep` does not name is not touched. Spot knows no reduce-only: what has been sold, or may have been,
    is counted here, and all sales together never exceed what was held too much when the kill began.
    """

    rest: Rest
    bases: Mapping[str, str]
    keep: Mapping[str, Decimal]
    market: str = field(default="spot", init=False)
    _lots: dict[str, Lots] = field(default_factory=dict, init=False)
    _allowed: dict[str, Decimal] = field(default_factory=dict, init=False)
    _dust: set[str] = field(default_factory=set, init=False)

    async def open_orders(self) -> dict[str, set[str]]:
        """Every open order of the account."""
        return await _open_ids(self.rest)

    async def cancel_all(self, symbol: str) -> None:
        """Every open order of the symbol."""
        await open_orders.cancel_all(self.rest, symbol)

    async def held(self) -> list[Held]:
        """What exceeds the holding to keep and can be sold: not what is smaller than the smallest market order."""
        wanted = {asset: symbol for asset, symbol in self.bases.items() if asset in self.keep}
        if not wanted:
            return []
        if not self._lots:
            self._lots = await _all_lots(self.rest, sorted(set(wanted.values())))
        body = await self.rest.call("GET", "account")
        found = []
        for row in body["balances"]:
            symbol = wanted.get(row["asset"])
            if symbol is None or symbol in self._dust:
                continue
            total = to_decimal("free", row["free"]) + to_decimal("locked", row["locked"])
            found.append(Held(symbol, total - self.keep[row["asset"]]))
        return [held for held in found if self._lots[held.symbol].pieces(held.size)]

    async def flatten(self, held: Held) -> None:
        """Market sales; a size whose value is below the venue's least is dust and stays."""
        allowed = self._allowed.setdefault(held.symbol, held.size)
        for piece in self._lots[held.symbol].pieces(min(held.size, allowed)):
            self._allowed[held.symbol] -= piece
            try:
                answer = await _market(self.rest, held.symbol, "SELL", piece, {"newOrderRespType": "RESULT"})
            except VenueError as error:
                if error.code == -1013 and "NOTIONAL" in str(error):
                    self._dust.add(held.symbol)
                    return
                if 400 <= error.status < 500:
                    self._allowed[held.symbol] += piece
                raise
            # What an emptied book left unfilled has expired and may be tried again.
            self._allowed[held.symbol] += piece - to_decimal("executedQty", answer["executedQty"])


async def _open_ids(rest: Rest) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for order in await open_orders.fetch(rest):
        found.setdefault(order.symbol, set()).add(f"{'algo' if order.algo else 'order'} {order.number}")
    return found


async def _all_lots(rest: Rest, symbols: Sequence[str] = ()) -> dict[str, Lots]:
    """The lot rules of every symbol, or on spot of those named."""
    which: dict[str, str | int] = {"symbols": "[" + ",".join(f'"{symbol}"' for symbol in symbols) + "]"}
    body = await rest.call("GET", "exchange_info", which if symbols else None, signed=False)
    found = {row["symbol"]: lots_of(row) for row in body["symbols"]}
    missing = sorted(set(symbols) - set(found))
    if missing:
        raise _core.InputError(f"symbols must be listed by the venue, was {', '.join(missing)}")
    return found


async def _market(rest: Rest, symbol: str, side: str, size: Decimal, more: Mapping[str, str]) -> Any:
    """One market order, never repeated: what became of it shows in the next look at the account."""
    order: dict[str, str | int] = {"symbol": symbol, "side": side, "type": "MARKET", "quantity": f"{size:f}", **more}
    return await rest.call("POST", "order", order)
