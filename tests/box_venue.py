"""One market of the box without sockets and without a generator: nothing moves but by our requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sim.box import report
from sim.box.accounts import default_accounts
from sim.box.auth import KeyRing
from sim.box.clock import BoxClock
from sim.box.desk import Desk
from sim.box.faults import Faults, Script
from sim.box.rest import Answer, Asked, RestFace
from sim.box.server import HANDLERS
from sim.box.users import Ear
from tests.box_process import Signer, now_ms

assert HANDLERS, "importing the server fills the tables"
ORDER_PATHS = {"spot": "/api/v3/order", "linear": "/fapi/v1/order"}


class Venue:
    """One market with its REST face; account 1 quotes 59,000 to 61,000 in BTCUSDT, account 0 is ours."""

    def __init__(self, market: str) -> None:
        self.clock = BoxClock()
        self.accounts = accounts = default_accounts(1)
        self.desk = Desk(market, accounts, self.clock, seed=1, limit_factor=1e6)
        report.attach(self.desk)
        self.keys = KeyRing(accounts, self.clock)
        self.faults = Faults(Script(1), self.clock)
        self.face = RestFace(self.desk, self.keys, self.faults)
        self.signers = [Signer(account.shown()) for account in accounts]
        self.order = ORDER_PATHS[market]
        self.told: list[dict[str, Any]] = []
        self.desk.users.listen(accounts[0].name, Ear(lambda payload: self.told.append(json.loads(payload)), 1_000_000))
        self.quote("59000", "61000")

    def quote(self, bid: str, ask: str, qty: str = "0.1") -> None:
        """Account 1 cancels what it has open in BTCUSDT and quotes anew."""
        for order in self.desk.exchange.orders(self.desk.exchange.account("beta"), 0, open_only=True):
            self.ok("DELETE", self.order, {"symbol": "BTCUSDT", "orderId": str(order["order_id"])}, who=1)
        for side, price in (("BUY", bid), ("SELL", ask)):
            wanted = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "GTC", "price": price}
            self.ok("POST", self.order, {**wanted, "quantity": qty}, who=1)

    def trade_at(self, price: str) -> None:
        """Account 1 trades with itself, so that this is the last price; its quotes are left around it."""
        at = int(float(price))
        self.quote(str(at), str(at + 1), "0.5")
        wanted = {"symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "IOC", "price": str(at)}
        self.ok("POST", self.order, {**wanted, "quantity": "0.01"}, who=1)

    def ask(self, verb: str, path: str, values: Mapping[str, str], *, who: int = 0) -> Answer:
        """A well signed request."""
        full = {**values, "timestamp": str(now_ms())}
        query = "&".join(f"{quote(name)}={quote(value)}" for name, value in full.items())
        signer = self.signers[who]
        signed = f"{query}&signature={signer.sign(query)}"
        return self.face.serve(Asked(verb, path, signed, "", {"X-MBX-APIKEY": signer.key}, "here"))

    def ok(self, verb: str, path: str, values: Mapping[str, str], *, who: int = 0) -> Any:
        """A request that must succeed."""
        answer = self.ask(verb, path, values, who=who)
        assert answer.status == 200, answer.body
        return answer.body

    def code(self, verb: str, path: str, values: Mapping[str, str]) -> int:
        """A request that must be refused and change nothing; its code."""
        before = self.desk.exchange.state_hash()
        answer = self.ask(verb, path, values)
        assert answer.status >= 400, answer.body
        assert self.desk.exchange.state_hash() == before
        assert isinstance(answer.body, dict)
        code = answer.body["code"]
        assert isinstance(code, int)
        return code

    def heard(self, event: str) -> list[dict[str, Any]]:
        """The user events of that name, which are forgotten with all others."""
        rows = [row for row in self.told if row["e"] == event]
        self.told.clear()
        return rows
