"""An engine and the compiled matching engine in one process without sockets: the venue's own JSON in both directions.

Deterministic: time is stepped, the flow is seeded, and every answer is a function of the request.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from native import _core

START_NS = 1_760_000_000_000_000_000
STEP_NS = 50_000_000
TICK_DECIMALS, LOT_DECIMALS = 1, 3
LIMITS = {
    "max_order_qty": (100, 0),
    "max_order_notional": (10**14, 0),
    "max_position": (400, 0),
    "max_open_orders": (30, 0),
    "price_collar": (200, 0),
    "order_rate": (60, 12),
    "max_daily_loss": (10**13, 0),
}

#: Called after every input with the engine; a Python strategy quotes in it.
AfterInput = Callable[[_core.Engine, int, int], None]


def decimal(count: int, decimals: int) -> str:
    """A count of the smallest step as the venue's text."""
    return f"{count // 10**decimals}.{count % 10**decimals:0{decimals}d}"


def levels(raw: bytes) -> list[list[str]]:
    """Bytes of (price, size) pairs as the venue's level texts."""
    pairs = np.frombuffer(raw, dtype="<i8").reshape(-1, 2)
    return [[decimal(int(price), TICK_DECIMALS), decimal(int(qty), LOT_DECIMALS)] for price, qty in pairs]


class Loop:
    """One USD-M perpetual, one account, one strategy seat (account 1, strategy 1, instrument 1)."""

    def __init__(self, seed: int, journal: str | None = None) -> None:
        """Builds both sides; the first snapshot is applied."""
        self.now = START_NS
        self.sent: list[bytes] = []
        self.fills = 0
        self.after: AfterInput = lambda engine, ts, mono: None
        self.venue = _core.Exchange("linear", maker_fee_e8=20_000, taker_fee_e8=50_000, seed=seed)
        self.venue.asset("BTC", 8)
        self.venue.asset("USDT", 8)
        self.symbol = self.venue.symbol("BTCUSDT", "BTC", "USDT", "0.1", "0.001")
        self.account = self.venue.account("main")
        self.venue.deposit(self.account, "USDT", 10**13, self.now)
        self.venue.flow(self.symbol, mid=600_000, ts=self.now)
        self.venue.advance(self.now + 2_000_000_000)
        self.now += 2_000_000_000
        self.previous = self.venue.take_updates(self.symbol)["u"]
        self.engine = self._engine(journal)
        self._snapshot()

    def _engine(self, journal: str | None) -> _core.Engine:
        engine = _core.Engine(journal, build="test", config_digest=bytes(32), now=self.now)
        engine.asset("BTC")
        engine.asset("USDT")
        assert engine.account("main") == engine.strategy("maker") == 1
        engine.instrument("binance", "linear", "BTCUSDT", "BTC", "USDT", "USDT", "0.1", "0.001")
        engine.limit("account", 1, "allow_symbol", 1)
        engine.limit("strategy", 1, "allow_symbol", 1)
        for kind, (value, extra) in LIMITS.items():
            engine.limit("account", 1, kind, value, extra)
        self.stream = engine.stream("market")
        engine.link(self.stream, "market", True, 0, self.now, self.now)
        engine.balance(1, "linear", 2, 10**13, 0, 0, self.now, self.now)
        engine.credentials(1, "linear", "k" * 64, secret="s" * 64)
        return engine

    def _snapshot(self) -> None:
        depth = self.venue.depth(self.symbol, 1000)
        body = {"lastUpdateId": depth["u"], "bids": levels(depth["bids"]), "asks": levels(depth["asks"])}
        self.engine.snapshot(self.stream, 1, json.dumps(body).encode(), self.now, self.now)
        self.previous = depth["u"]
        self._settle()

    # --- one step of time -----------------------------------------------------------------------------------------

    def step(self) -> None:
        """The venue's next 50 ms, then what it tells."""
        self.now += STEP_NS
        self._tell(self.venue.advance(self.now))
        self._publish()
        if self.now // STEP_NS % 20 == 0:
            self.engine.timer(self.now, self.now)
            self._settle()

    def _publish(self) -> None:
        updates = self.venue.take_updates(self.symbol)
        for trade, price, qty, sell, ts, *_ in updates["trades"]:
            self._market(
                {"e": "trade", "E": ts // 10**6, "T": ts // 10**6, "s": "BTCUSDT", "t": trade}
                | {"p": decimal(price, 1), "q": decimal(qty, 3), "X": "MARKET", "m": sell}
            )
        if updates["bids"] or updates["asks"]:
            ms = self.now // 10**6
            self._market(
                {"e": "depthUpdate", "E": ms, "T": ms, "s": "BTCUSDT", "U": self.previous, "u": updates["u"]}
                | {"pu": self.previous, "b": levels(updates["bids"]), "a": levels(updates["asks"])}
            )
            self.previous = updates["u"]

    def _market(self, message: dict[str, Any]) -> None:
        self.engine.market(self.stream, "linear", json.dumps(message).encode(), self.now, self.now)
        self._settle()

    # --- orders ---------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Lets the strategy run and carries out its requests until nothing is left to be done."""
        self.after(self.engine, self.now, self.now)
        while requests := self.engine.outbox():
            for request in requests:
                self.sent.append(request.payload)
                self.engine.sent(request.order, request.request, request.expires, self.now, self.now)
                self.after(self.engine, self.now, self.now)
                self._carry_out(json.loads(request.payload))

    def _carry_out(self, frame: dict[str, Any]) -> None:
        try:
            events = self._execute(frame["method"], frame["params"])
        except _core.Refused as refusal:
            code = {"WOULD_TAKE": -5022, "UNKNOWN_ORDER": -2011}.get(str(refusal.args[0]), -2019)
            self._answer({"id": frame["id"], "status": 400, "error": {"code": code, "msg": str(refusal)}})
            return
        self._answer({"id": frame["id"], "status": 200, "result": self._order(events[-1])})
        self._tell(events)

    def _execute(self, method: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        client = params.get("newClientOrderId") or params["origClientOrderId"]
        price, qty = self._count(params.get("price"), 1), self._count(params.get("quantity"), 3)
        if method == "order.place":
            tif = params["timeInForce"]
            events = self.venue.place(
                self.account, self.symbol, client, params["side"], "LIMIT", tif, price, qty, self.now
            )
        else:
            order = self.venue.find(self.account, self.symbol, client_id=client)
            known = order["order_id"] if order else 0
            if method == "order.cancel":
                events = self.venue.cancel(self.account, self.symbol, known, self.now)
            else:
                events = self.venue.amend(self.account, self.symbol, known, price, qty, self.now)
        return events

    @staticmethod
    def _count(text: str | None, decimals: int) -> int:
        return 0 if text is None else round(float(text) * 10**decimals)

    def _answer(self, message: dict[str, Any]) -> None:
        self.engine.answer(1, "linear", json.dumps(message).encode(), self.now, self.now)
        self.after(self.engine, self.now, self.now)

    def _order(self, event: dict[str, Any]) -> dict[str, Any]:
        return {
            "orderId": event["order_id"],
            "symbol": "BTCUSDT",
            "status": event["status"],
            "clientOrderId": event["client_id"],
            "price": decimal(event["price"] or 0, 1),
            "origQty": decimal(event["qty"], 3),
            "executedQty": decimal(event["cum_qty"], 3),
            "side": event["side"],
            "updateTime": self.now // 10**6,
        }

    def _tell(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            if event["account"] != self.account or event["exec"] == "FUNDING":
                continue
            traded = event["exec"] == "TRADE"
            self.fills += traded
            order = {
                "s": "BTCUSDT",
                "c": event["client_id"],
                "S": event["side"],
                "o": event["type"],
                "f": event["tif"],
                "q": decimal(event["qty"], 3),
                "p": decimal(event["price"] or 0, 1),
                "x": event["exec"],
                "X": event["status"],
                "i": event["order_id"],
                "l": decimal(event["last_qty"] if traded else 0, 3),
                "z": decimal(event["cum_qty"], 3),
                "L": decimal(event["last_price"] if traded else 0, 1),
                "T": self.now // 10**6,
                "t": event["trade_id"] if traded else 0,
                "m": bool(event["maker"]),
                "rp": str(event["realised"] or 0),
            }
            if traded:
                fee = event["fee"]
                order |= {"n": f"{'-' if fee < 0 else ''}{decimal(abs(fee), 8)}", "N": "USDT"}
                order["rp"] = f"{'-' if event['realised'] < 0 else ''}{decimal(abs(event['realised']), 8)}"
            ms = self.now // 10**6
            message = {"e": "ORDER_TRADE_UPDATE", "E": ms, "T": ms, "o": order}
            self.engine.user(2, 1, "linear", json.dumps(message).encode(), self.now, self.now)
            self.after(self.engine, self.now, self.now)
