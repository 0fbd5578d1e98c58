"""A hypothesis state machine drives the venue as several clients would; after every step its money and books hold.

catalogue: S1. The bookkeeping here is a second one, kept from the execution events alone: what the events say must be
what balances, positions and the depth say.
"""

from __future__ import annotations

import struct
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from native._core import Exchange, Refused

COIN = 10**8
START = {"BTC": 2 * COIN, "USDT": 30_000 * COIN}
SIDES = st.sampled_from(["BUY", "SELL"])
WHO = st.integers(0, 2)
PRICES = st.integers(9_990, 10_010)
SIZES = st.integers(1, 400)
TERMS = st.tuples(
    st.sampled_from(["GTC", "IOC", "FOK", "GTX"]),
    st.sampled_from(["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"]),
)


class Clients(RuleBasedStateMachine):
    """Three accounts on one symbol (tick 0.01, lot 0.001), spot or linear, with or without a market around them."""

    def __init__(self) -> None:
        """Nothing exists before `open`."""
        super().__init__()
        self.now = 0
        self.orders: dict[int, dict[str, Any]] = {}
        self.money: dict[int, dict[str, int]] = {}
        self.lots: dict[int, int] = {}

    @initialize(market=st.sampled_from(["spot", "linear"]), around=st.sampled_from(["none", "generated", "recorded"]))
    def open(self, market: str, around: str) -> None:
        """An exchange with fees and a rebate."""
        self.market, self.around = market, around
        self.x = Exchange(market, maker_fee_e8=-5_000, taker_fee_e8=40_000, seed=11)
        for asset in START:
            self.x.asset(asset, 8)
        self.s = self.x.symbol("BTCUSDT", "BTC", "USDT", "0.01", "0.001")
        self.who = [self.x.account(name) for name in "abc"]
        for account in self.who:
            for asset, amount in START.items():
                self.x.deposit(account, asset, amount, 0)
            self.money[account] = dict(START)
            self.lots[account] = 0
        if around == "generated":
            self.x.flow(self.s, mid=10_000, size=40, volatility=3.0)
        elif around == "recorded":
            self.x.replay_open(self.s)

    def note(self, events: list[dict[str, Any]]) -> None:
        """Keeps the second books from events."""
        for e in events:
            if e["exec"] != "FUNDING":
                self.orders[e["order_id"]] = e
            if e["exec"] != "TRADE":
                continue
            sign = 1 if e["side"] == "BUY" else -1
            money = self.money[e["account"]]
            money[e["fee_asset"]] -= e["fee"]
            if self.market == "spot":
                money["BTC"] += sign * e["last_qty"] * COIN // 1000
                money["USDT"] -= sign * e["last_quote"]
            else:
                money["USDT"] += e["realised"]
                self.lots[e["account"]] += sign * e["last_qty"]

    def attempt(self, call: Any) -> None:
        """A request that may be refused; a refusal changes nothing."""
        before = self.x.state_hash()
        try:
            self.note(call())
        except Refused:
            assert self.x.state_hash() == before

    @rule(who=WHO, side=SIDES, terms=TERMS, price=PRICES, qty=SIZES)
    def limit(self, who: int, side: str, terms: tuple[str, str], price: int, qty: int) -> None:
        """A limit order; its terms are time in force and self-trade prevention."""
        client, (tif, stp) = f"l{len(self.orders)}-{self.now}", terms
        self.attempt(
            lambda: self.x.place(self.who[who], self.s, client, side, "LIMIT", tif, price, qty, self.now, stp=stp)
        )

    @rule(who=WHO, side=SIDES, qty=SIZES, reduce=st.booleans())
    def market_order(self, who: int, side: str, qty: int, reduce: bool) -> None:
        """A market order, on linear markets perhaps reduce-only."""
        client = f"m{len(self.orders)}-{self.now}"
        only = reduce and self.market == "linear"
        self.attempt(
            lambda: self.x.place(
                self.who[who], self.s, client, side, "MARKET", "GTC", None, qty, self.now, reduce_only=only
            )
        )

    @rule(pick=st.randoms(use_true_random=False), price=st.none() | PRICES, qty=SIZES)
    def amend(self, pick: Any, price: int | None, qty: int) -> None:
        """An amendment of any order, open or closed."""
        if self.orders:
            order = self.orders[pick.choice(sorted(self.orders))]
            self.attempt(lambda: self.x.amend(order["account"], self.s, order["order_id"], price, qty, self.now))

    @rule(pick=st.randoms(use_true_random=False))
    def cancel(self, pick: Any) -> None:
        """A cancel of any order, open or closed."""
        if self.orders:
            order = self.orders[pick.choice(sorted(self.orders))]
            self.attempt(lambda: self.x.cancel(order["account"], self.s, order["order_id"], self.now))

    @rule(who=WHO)
    def cancel_all(self, who: int) -> None:
        """Everything of one account."""
        self.note(self.x.cancel_all(self.who[who], self.s, self.now))

    @rule(steps=st.integers(1, 20), price=PRICES, qty=SIZES, sell=st.booleans())
    def time_passes(self, steps: int, price: int, qty: int, sell: bool) -> None:
        """The market around the clients moves: a little time, or one recorded depth and trade."""
        self.now += steps * 50_000_000
        if self.around == "generated":
            self.note(self.x.advance(self.now))
        elif self.around == "recorded":
            bids = struct.pack("<qqqq", price - 1, qty, price - 2, 2 * qty)
            asks = struct.pack("<qqqq", price + 1, qty, price + 2, 2 * qty)
            self.note(self.x.replay_depth(self.s, steps > 15, bids, asks, self.now))
            self.note(self.x.replay_trade(self.s, price, qty, sell, self.now))

    @invariant()
    def the_engine_proves_itself(self) -> None:
        """Conservation, structure, never crossed."""
        if self.who_is_there():
            self.x.check()
            bid, ask = self.x.bbo(self.s)[1], self.x.bbo(self.s)[3]
            assert bid is None or ask is None or bid < ask

    @invariant()
    def events_tell_the_whole_story(self) -> None:
        """Balances, positions and open orders are what the events said."""
        if not self.who_is_there():
            return
        for account in self.who:
            balances = self.x.balances(account)
            held = {asset: sum(b) if self.market == "spot" else b[0] for asset, b in balances.items()}
            assert held == self.money[account]
            assert sum(row["qty"] for row in self.x.positions(account)) == self.lots[account]
            open_ids = {order["order_id"] for order in self.x.orders(account, self.s, open_only=True)}
            mine = [o for o in self.orders.values() if o["account"] == account]
            assert open_ids == {o["order_id"] for o in mine if o["status"] in ("NEW", "PARTIALLY_FILLED")}

    def who_is_there(self) -> bool:
        """Whether `open` has run."""
        return hasattr(self, "x")


TestClients = Clients.TestCase
TestClients.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
