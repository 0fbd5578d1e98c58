"""What the box knows of us, asked over REST and compared with the journal: every order, every fill, all holdings.

catalogue: S9, O7.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import aiohttp

from oms import account
from oms.binance_rest import Rest
from oms.signing import Signer
from pycore.clock import Clock
from pycore.credentials import Credentials
from pycore.notes import Fill
from pycore.profit import NET
from sim.drill.journal import Evidence
from sim.drill.tally import Verdict

SYMBOL = "BTCUSDT"
#: Decimals of every asset of the demo's configuration.
_SCALE = 8
_PAGE = 1_000
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def order_of(client_id: str) -> int | None:
    """The engine's order behind a client id (native/core/src/decode/client_id.rs); None where it is not ours."""
    if not client_id.startswith("tw") or len(client_id) != 15:
        return None
    number = 0
    for digit in client_id[2:]:
        number = number * 32 + _DIGITS.index(digit)
    return number


class Venue:
    """The box's REST of both markets for the drilled account."""

    def __init__(self, venue: dict[str, Any], http: aiohttp.ClientSession) -> None:
        """`venue` is the box's first row."""
        trader = venue["accounts"][0]
        signer = Signer(Credentials(trader["key"], trader["secret"]))
        bases = {"spot": venue["spot_rest"], "linear": venue["usdm_rest"]}
        self._rests = {market: Rest(market, base, signer, Clock(), http) for market, base in bases.items()}
        self._next = dict.fromkeys(bases, 0)
        self._clients: Counter[str] = Counter()
        self.orders = 0

    async def check_orders(self, evidence: Evidence, verdict: Verdict) -> None:
        """The orders that are new since the call before: each must be in the journal, and its client id be new."""
        for market in self._rests:
            for row in await self._pages(market, "all_orders", "orderId", self._next[market]):
                self._next[market] = int(row["orderId"]) + 1
                self.orders += 1
                client = str(row["clientOrderId"])
                order = order_of(client)
                if order is None or order not in evidence.orders:
                    verdict.lost.append(
                        f"{market} order {row['orderId']} ({client}) is at the venue, not in the journal"
                    )
                self._clients[client] += 1
                if self._clients[client] > 1:
                    verdict.duplicates.append(f"{market} client id {client} was executed {self._clients[client]} times")

    async def check_overfilled(self, verdict: Verdict) -> None:
        """No order may have executed more than was asked for."""
        verdict.duplicates += [
            f"{market} order {row['orderId']} executed {row['executedQty']} of {row['origQty']}"
            for market in self._rests
            for row in await self._pages(market, "all_orders", "orderId", 0)
            if Decimal(row["executedQty"]) > Decimal(row["origQty"])
        ]

    async def open_orders(self) -> list[str]:
        """Client ids of what is open."""
        rows = [row for rest in self._rests.values() for row in await rest.call("GET", "open_orders")]
        return [str(row["clientOrderId"]) for row in rows]

    async def check_fills(self, evidence: Evidence, verdict: Verdict) -> None:
        """Every fill must be booked once, with its price, quantity and fee."""
        for market in self._rests:
            booked = _booked(evidence, market)
            for row in await self._pages(market, "trades", "fromId", 0):
                stated = (Decimal(row["price"]), Decimal(row["qty"]), Decimal(row["commission"]))
                found = booked.pop(int(row["id"]), [])
                if not found:
                    verdict.lost.append(f"{market} fill {row['id']} is not booked")
                elif found[0] != stated:
                    verdict.lost.append(f"{market} fill {row['id']} is booked as {found[0]} and was {stated}")
                if len(found) > 1:
                    verdict.duplicates.append(f"{market} fill {row['id']} is booked {len(found)} times")
            verdict.duplicates += [f"{market} fill {trade} is booked, and was none" for trade in booked]

    async def check_holdings(self, evidence: Evidence) -> list[str]:
        """Wallets and positions, to the last digit."""
        faults = []
        for rest in self._rests.values():
            statement = await account.fetch(rest, {"BTC": _SCALE, "USDT": _SCALE})
            faults += _wallets(evidence, statement) + _positions(evidence, statement)
        return faults

    async def _pages(self, market: str, what: str, start: str, first: int) -> list[dict[str, Any]]:
        key = "orderId" if what == "all_orders" else "id"
        rows: list[dict[str, Any]] = []
        while True:
            page = await self._rests[market].call("GET", what, {"symbol": SYMBOL, start: first, "limit": _PAGE})
            rows += page
            if len(page) < _PAGE:
                return rows
            first = int(page[-1][key]) + 1


def _booked(evidence: Evidence, market: str) -> dict[int, list[tuple[Decimal, Decimal, Decimal]]]:
    """The journal's fills of a market by the venue's trade id."""
    instruments = {row["id"]: row for row in evidence.state["instruments"] if row["market"] == market}
    booked: dict[int, list[tuple[Decimal, Decimal, Decimal]]] = {}
    for fill in evidence.fills:
        if fill.instrument in instruments:
            booked.setdefault(fill.trade, []).append(_figures(fill, instruments[fill.instrument]))
    return booked


def _figures(fill: Fill, instrument: dict[str, Any]) -> tuple[Decimal, Decimal, Decimal]:
    return (
        fill.price * Decimal(instrument["tick_size"]),
        fill.qty * Decimal(instrument["lot_size"]),
        Decimal(fill.fee).scaleb(-_SCALE),
    )


def _wallets(evidence: Evidence, statement: account.Statement) -> list[str]:
    names = {name: number for number, name in enumerate(("BTC", "USDT"), start=1)}
    booked = {
        row["asset"]: int(row["total"]) for row in evidence.state["balances"] if row["market"] == statement.market
    }
    return [
        f"{statement.market} {holding.asset}: journal {booked.get(names[holding.asset], 0)}, venue {holding.amount}"
        for holding in statement.holdings
        if booked.get(names[holding.asset], 0) != holding.amount
    ]


def _positions(evidence: Evidence, statement: account.Statement) -> list[str]:
    if statement.market == "spot":
        return []
    stated = {row.symbol: row.size for row in statement.positions}
    rows = {row["id"]: row for row in evidence.state["instruments"] if row["market"] == statement.market}
    faults = []
    for row in evidence.state["positions"]:
        if row["strategy"] == NET and row["instrument"] in rows:
            facts = rows[row["instrument"]]
            size = int(row["qty"]) * Decimal(facts["lot_size"])
            if size != stated.get(facts["symbol"], Decimal(0)):
                faults.append(f"{facts['symbol']}: journal {size}, venue {stated.get(facts['symbol'], 0)}")
    return faults
