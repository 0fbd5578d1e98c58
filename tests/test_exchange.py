"""The matching engine behind the box: the conformance list of fills that others get wrong, each by its number.

catalogue: S1. Items 1-7 and 9-12 of the list in docs (8, latency, belongs to the backtester).
"""

from __future__ import annotations

import struct
import subprocess
import sys
from typing import Any

import pytest

from native._core import BrokenError, Exchange, InputError, Refused, UnknownError

TS = 1_700_000_000_000_000_000
SECOND = 10**9
COIN = 10**8
Events = list[dict[str, Any]]


class Venue:
    """An exchange with one symbol (tick 0.01, lot 0.001) and accounts a, b, c; sizes and prices in ticks and lots."""

    def __init__(self, market: str = "spot", *, maker_fee: int = 0, taker_fee: int = 0, seed: int = 1) -> None:
        """Everybody starts with 1,000 BTC (spot only) and 10,000,000 USDT."""
        self.x = Exchange(market, maker_fee_e8=maker_fee, taker_fee_e8=taker_fee, seed=seed)
        self.x.asset("BTC", 8)
        self.x.asset("USDT", 8)
        self.s = self.x.symbol("BTCUSDT", "BTC", "USDT", "0.01", "0.001", maintenance_e8=1_000_000)
        self.a, self.b, self.c = (self.x.account(name) for name in "abc")
        for account in (self.a, self.b, self.c):
            self.x.deposit(account, "USDT", 10**7 * COIN, TS)
            if market == "spot":
                self.x.deposit(account, "BTC", 1000 * COIN, TS)
        self.made = 0

    def limit(self, account: int, side: str, price: int, qty: int, tif: str = "GTC", **more: Any) -> Events:
        """A limit order with the next client id."""
        self.made += 1
        return self.x.place(account, self.s, f"c{self.made}", side, "LIMIT", tif, price, qty, TS, **more)

    def market(self, account: int, side: str, qty: int | None, **more: Any) -> Events:
        """A market order with the next client id."""
        self.made += 1
        return self.x.place(account, self.s, f"c{self.made}", side, "MARKET", "GTC", None, qty, TS, **more)

    def position(self, account: int) -> int:
        """The signed position in lots."""
        return sum(row["qty"] for row in self.x.positions(account))

    def depth(self, bids: list[tuple[int, int]], asks: list[tuple[int, int]], *, snapshot: bool = False) -> Events:
        """A recorded depth message."""
        return self.x.replay_depth(self.s, snapshot, pack(bids), pack(asks), TS)

    def book(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """All levels, best first."""
        depth = self.x.depth(self.s, 1000)
        return unpack(depth["bids"]), unpack(depth["asks"])


def pack(levels: list[tuple[int, int]]) -> bytes:
    """Levels as pairs of int64."""
    return b"".join(struct.pack("<qq", *level) for level in levels)


def unpack(raw: bytes) -> list[tuple[int, int]]:
    """Pairs of int64 as levels."""
    return list(struct.iter_unpack("<qq", raw))


def fills(events: Events, account: int) -> list[tuple[int, int]]:
    """Price and size of an account's fills."""
    return [(e["last_price"], e["last_qty"]) for e in events if e["exec"] == "TRADE" and e["account"] == account]


def test_1_a_partial_fill_moves_the_position_by_exactly_the_fill() -> None:
    v = Venue("linear")
    rests = v.limit(v.a, "BUY", 10_000, 10)
    events = v.limit(v.b, "SELL", 10_000, 4, "IOC")
    assert fills(events, v.a) == [(10_000, 4)]
    assert (v.position(v.a), v.position(v.b)) == (4, -4)
    order = v.x.find(v.a, v.s, order_id=rests[0]["order_id"])
    assert order is not None
    assert (order["status"], order["cum_qty"], order["qty"]) == ("PARTIALLY_FILLED", 4, 10)
    v.limit(v.b, "SELL", 10_000, 6)
    assert (v.position(v.a), v.position(v.b)) == (10, -10)
    assert v.book() == ([], [])
    v.x.check()


def test_2_a_market_order_larger_than_the_book_walks_it_and_the_rest_expires() -> None:
    v = Venue()
    for price, qty in [(10_001, 20), (10_002, 30), (10_005, 5)]:
        v.limit(v.a, "SELL", price, qty)
    events = v.market(v.b, "BUY", 1000)
    assert fills(events, v.b) == [(10_001, 20), (10_002, 30), (10_005, 5)]
    assert (events[-1]["exec"], events[-1]["status"], events[-1]["cum_qty"]) == ("EXPIRED", "EXPIRED", 55)
    assert v.x.balances(v.b)["BTC"] == (1000 * COIN + 55 * COIN // 1000, 0)
    with pytest.raises(Refused, match="NO_LIQUIDITY"):
        v.market(v.b, "BUY", 1)
    # A limit order walks as far as its price and rests with what is left.
    v.limit(v.a, "SELL", 10_001, 20)
    v.limit(v.a, "SELL", 10_003, 20)
    assert fills(v.limit(v.b, "BUY", 10_002, 50), v.b) == [(10_001, 20)]
    assert v.book() == ([(10_002, 30)], [(10_003, 20)])
    v.x.check()


def test_3_one_excess_lot_fills_one_of_two_own_orders_once() -> None:
    v = Venue()
    v.x.replay_open(v.s)
    v.depth([(9_999, 4)], [(10_001, 5)], snapshot=True)
    v.limit(v.a, "BUY", 9_999, 1)
    v.limit(v.b, "BUY", 9_999, 1)
    events = v.x.replay_trade(v.s, 9_999, 5, True, TS)
    assert fills(events, v.a) == [(9_999, 1)]
    assert fills(events, v.b) == []
    trades = v.x.take_updates(v.s)["trades"]
    assert sum(trade[2] for trade in trades) == 5
    v.x.check()


def test_4_displayed_liquidity_is_used_once() -> None:
    v = Venue()
    v.x.replay_open(v.s)
    v.depth([(9_999, 50)], [(10_001, 55), (10_003, 10)], snapshot=True)
    assert fills(v.market(v.a, "BUY", 55), v.a) == [(10_001, 55)]
    assert fills(v.market(v.b, "BUY", 5), v.b) == [(10_003, 5)]
    assert v.book()[1] == [(10_003, 5)]


def test_5_one_cancel_ahead_moves_us_by_that_order() -> None:
    v = Venue()
    first = v.limit(v.a, "BUY", 9_999, 7)[0]["order_id"]
    second = v.limit(v.a, "BUY", 9_999, 5)[0]["order_id"]
    ours = v.limit(v.b, "BUY", 9_999, 1)[0]["order_id"]
    assert v.x.queue_ahead(v.s, ours) == 12
    v.x.cancel(v.a, v.s, first, TS)
    assert v.x.queue_ahead(v.s, ours) == 5
    v.x.amend(v.a, v.s, second, None, 2, TS)
    assert v.x.queue_ahead(v.s, ours) == 2
    v.x.amend(v.a, v.s, second, None, 9, TS)
    assert v.x.queue_ahead(v.s, ours) == 0


def test_6_a_level_that_shrinks_without_trades_is_risk_averse() -> None:
    v = Venue()
    v.x.replay_open(v.s)
    v.depth([(9_999, 40)], [(10_001, 5)], snapshot=True)
    ours = v.limit(v.a, "BUY", 9_999, 1)[0]["order_id"]
    v.depth([(9_999, 100)], [])
    v.depth([(9_999, 80)], [])
    assert v.x.queue_ahead(v.s, ours) == 40
    # Only below what is ahead of us does a shrinking level move us.
    v.depth([(9_999, 30)], [])
    assert v.x.queue_ahead(v.s, ours) == 30
    # A trade at our price moves us by its size, whether its depth message comes before or after it.
    v.x.replay_trade(v.s, 9_999, 10, True, TS)
    v.depth([(9_999, 20)], [])
    assert v.x.queue_ahead(v.s, ours) == 20
    v.depth([(9_999, 25)], [])
    v.depth([(9_999, 20)], [])
    v.x.replay_trade(v.s, 9_999, 5, True, TS)
    assert v.x.queue_ahead(v.s, ours) == 15
    assert v.book()[0] == [(9_999, 21)]
    assert fills(v.x.replay_trade(v.s, 9_999, 16, True, TS), v.a) == [(9_999, 1)]


def test_7_what_we_take_is_gone_until_the_recording_changes_the_level() -> None:
    v = Venue()
    v.x.replay_open(v.s)
    v.depth([(9_999, 50)], [(10_001, 55), (10_002, 10)], snapshot=True)
    v.market(v.a, "BUY", 55)
    v.depth([(9_998, 5)], [])
    assert v.book()[1] == [(10_002, 10)]
    v.depth([], [(10_001, 60)])
    assert v.book()[1] == [(10_001, 60), (10_002, 10)]


def test_7_in_the_generated_market_makers_refill_the_touch() -> None:
    v = Venue(seed=3)
    v.x.flow(v.s, mid=1_000_000, ts=TS, size=50)
    asks = v.book()[1]
    taken = sum(qty for _, qty in asks[:10])
    v.market(v.a, "BUY", taken)
    assert v.book()[1][0][0] > asks[9][0] - 1
    v.x.advance(TS + 2 * SECOND)
    bids, asks = v.book()
    assert min(len(bids), len(asks)) >= 20
    assert asks[0][0] - bids[0][0] < 100
    v.x.check()


def test_9_money_is_exact_at_a_balance_of_1e15_and_a_fill_of_1() -> None:
    x = Exchange("linear", maker_fee_e8=0, taker_fee_e8=0, seed=1)
    x.asset("BTC", 8)
    x.asset("USDT", 8)
    s = x.symbol("BTCUSDT", "BTC", "USDT", "0.01", "0.001")
    rich, poor = x.account("rich"), x.account("poor")
    x.deposit(rich, "USDT", 10**15 * COIN + 1, TS)
    x.deposit(poor, "USDT", 10**6 * COIN, TS)
    x.place(rich, s, "r", "BUY", "LIMIT", "GTC", 10_000_001, 1, TS)
    x.place(poor, s, "p", "SELL", "LIMIT", "GTC", 10_000_001, 1, TS)
    x.place(poor, s, "q", "BUY", "LIMIT", "GTC", 10_000_002, 1, TS)
    x.place(rich, s, "t", "SELL", "LIMIT", "GTC", 10_000_002, 1, TS)
    # One tick on one lot is 0.00001 USDT: 1,000 smallest units, added to 10^23 without a trace of rounding.
    assert x.balances(rich)["USDT"] == (10**15 * COIN + 1 + 1000, 0)
    assert x.balances(poor)["USDT"] == (10**6 * COIN - 1000, 0)
    assert x.positions(rich) == []
    x.check()


def test_9_a_fee_rounds_towards_zero_at_the_smallest_unit() -> None:
    v = Venue(maker_fee=1, taker_fee=33_333)
    v.limit(v.a, "SELL", 10_001, 1)
    events = v.limit(v.b, "BUY", 10_001, 1)
    taker = next(e for e in events if e["exec"] == "TRADE" and e["account"] == v.b)
    maker = next(e for e in events if e["exec"] == "TRADE" and e["account"] == v.a)
    assert (taker["fee"], taker["fee_asset"]) == (100_000 * 33_333 // COIN, "BTC")
    assert (maker["fee"], maker["fee_asset"]) == (0, "USDT")
    assert taker["last_quote"] == 10_001_000
    assert v.x.balances(v.b)["BTC"][0] == 1000 * COIN + 100_000 - 33
    v.x.check()


def test_10_post_only_that_would_cross_is_refused() -> None:
    v = Venue()
    v.limit(v.a, "SELL", 10_001, 1)
    before = v.x.state_hash()
    with pytest.raises(Refused, match="WOULD_TAKE"):
        v.limit(v.b, "BUY", 10_001, 1, "GTX")
    assert v.x.state_hash() == before
    assert [e["exec"] for e in v.limit(v.b, "BUY", 10_000, 1, "GTX")] == ["NEW"]


def test_10_reduce_only_clips_on_entry_and_when_the_position_shrinks() -> None:
    v = Venue("linear")
    with pytest.raises(Refused, match="REDUCE_ONLY"):
        v.limit(v.a, "SELL", 10_010, 5, reduce_only=True)
    v.limit(v.b, "SELL", 10_000, 10)
    v.limit(v.a, "BUY", 10_000, 10)
    rests = v.limit(v.a, "SELL", 10_010, 15, reduce_only=True)
    assert rests[0]["qty"] == 10
    v.limit(v.b, "BUY", 10_005, 7)
    events = v.market(v.a, "SELL", 7)
    assert [(e["exec"], e["qty"], e["reason"]) for e in events if e["order_id"] == rests[0]["order_id"]] == [
        ("AMENDMENT", 3, "REDUCE_ONLY")
    ]
    events = v.market(v.b, "BUY", 9)
    assert fills(events, v.a) == [(10_010, 3)]
    assert v.position(v.a) == 0
    v.x.check()


@pytest.mark.parametrize(
    ("mode", "maker", "taker", "left"),
    [
        ("NONE", "FILLED", "FILLED", ([], [(10_001, 3)])),
        ("EXPIRE_TAKER", "NEW", "EXPIRED_IN_MATCH", ([], [(10_000, 4), (10_001, 3)])),
        ("EXPIRE_MAKER", "EXPIRED_IN_MATCH", "PARTIALLY_FILLED", ([(10_001, 1)], [])),
        ("EXPIRE_BOTH", "EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH", ([], [(10_001, 3)])),
    ],
)
def test_10_self_trade_prevention(mode: str, maker: str, taker: str, left: object) -> None:
    v = Venue()
    own = v.limit(v.a, "SELL", 10_000, 4)[0]["order_id"]
    v.limit(v.b, "SELL", 10_001, 3)
    came = v.limit(v.a, "BUY", 10_001, 4, stp=mode)[0]["order_id"]
    statuses = [order["status"] for order in v.x.orders(v.a, v.s, open_only=False)]
    assert statuses == [maker, taker]
    assert [order["order_id"] for order in v.x.orders(v.a, None, open_only=False)] == [own, came]
    assert v.book() == left
    v.x.check()


def test_10_fill_or_kill_is_all_or_nothing() -> None:
    v = Venue()
    v.limit(v.a, "SELL", 10_001, 3)
    v.limit(v.a, "SELL", 10_002, 3)
    events = v.limit(v.b, "BUY", 10_001, 4, "FOK")
    assert [e["exec"] for e in events] == ["NEW", "EXPIRED"]
    assert v.book()[1] == [(10_001, 3), (10_002, 3)]
    assert v.x.balances(v.b)["USDT"] == (10**7 * COIN, 0)
    assert fills(v.limit(v.b, "BUY", 10_002, 6, "FOK"), v.b) == [(10_001, 3), (10_002, 3)]
    # A linear market refuses such an order, and its history never hears of it.
    linear = Venue("linear")
    linear.limit(linear.a, "SELL", 10_001, 3)
    before = linear.x.state_hash()
    with pytest.raises(Refused, match="KILLED"):
        linear.limit(linear.b, "BUY", 10_001, 4, "FOK")
    assert linear.x.state_hash() == before


def test_11_funding_is_paid_on_the_position_held_then() -> None:
    v = Venue("linear")
    v.limit(v.a, "BUY", 10_000, 10)
    v.limit(v.b, "SELL", 10_000, 10)
    # 0.01 BTC at a mark of 120.00 is 1.20 USDT; 0.01 % of it is 0.00012.
    events = v.x.funding(v.s, 10_000, 120 * COIN, TS)
    assert [(e["exec"], e["account"], e["asset"], e["amount"]) for e in events] == [
        ("FUNDING", v.a, "USDT", -12_000),
        ("FUNDING", v.b, "USDT", 12_000),
    ]
    assert v.x.balances(v.a)["USDT"][0] == 10**7 * COIN - 12_000
    v.limit(v.c, "BUY", 10_000, 1)
    v.market(v.a, "SELL", 1)
    assert [e["amount"] for e in v.x.funding(v.s, -10_000, 120 * COIN, TS)] == [10_800, -12_000, 1_200]
    v.x.check()


def test_11_fees_by_tier_and_maker_rebates() -> None:
    v = Venue("linear", maker_fee=20_000, taker_fee=50_000)
    v.x.fees(v.a, -10_000, 30_000)
    v.limit(v.a, "BUY", 10_000, 100)
    events = v.limit(v.b, "SELL", 10_000, 100)
    assert {e["account"]: e["fee"] for e in events if e["exec"] == "TRADE"} == {
        v.a: -(10 * COIN * 10_000 // COIN),
        v.b: 10 * COIN * 50_000 // COIN,
    }
    assert v.x.balances(v.a)["USDT"][0] == 10**7 * COIN + 100_000
    assert v.x.venue_balances()["USDT"] == 400_000
    with pytest.raises(InputError, match="maker_fee_e8 must not pay back more than the taker fee, was -50001"):
        v.x.fees(v.a, -50_001, 50_000)
    v.x.check()


def test_11_liquidation_by_maintenance_margin() -> None:
    v = Venue("linear")
    x = v.x
    poor = x.account("poor")
    x.deposit(poor, "USDT", 60 * COIN, TS)
    x.leverage(poor, v.s, 20, TS)
    # 10 BTC at 100.00 is 1,000 USDT: 50 of margin at 20x, 10 of maintenance at 1 %.
    v.limit(v.b, "SELL", 10_000, 10_000)
    v.limit(poor, "BUY", 10_000, 10_000)
    v.limit(poor, "BUY", 9_000, 100)
    with pytest.raises(Refused, match="INSUFFICIENT_MARGIN"):
        v.limit(poor, "BUY", 9_000, 5_000)
    row = x.positions(poor)[0]
    assert (row["margin"], row["entry_e8"], row["unrealised"]) == (50 * COIN, 100 * COIN, 0)
    v.limit(v.c, "BUY", 9_400, 6_000)
    # Equity 60 + 10 (p - 100) falls to 1 % of 10 p at p = 940 / 9.9 = 94.9494...
    assert row["liquidation_e8"] == 9_494_949_494
    assert x.mark(v.s, 95 * COIN, TS) == []
    events = x.mark(v.s, 9_494_949_494 - 1, TS)
    mine = [(e["exec"], e["reason"]) for e in events if e["account"] == poor]
    assert mine == [
        ("CANCELED", "LIQUIDATION"),
        ("NEW", "LIQUIDATION"),
        ("TRADE", ""),
        ("TRADE", ""),
    ]
    assert x.positions(poor) == []
    # 6 BTC were sold at 94.00, the venue took 4 over at mark: 60 - 36 - 4 x 5.05050507.
    assert x.balances(poor)["USDT"] == (60 * COIN - 36 * COIN - 4 * 505_050_507, 0)
    x.check()


def test_11_what_a_liquidated_account_cannot_pay_the_venue_pays() -> None:
    v = Venue("linear")
    poor = v.x.account("poor")
    v.x.deposit(poor, "USDT", 60 * COIN, TS)
    v.limit(v.b, "SELL", 10_000, 10_000)
    v.limit(poor, "BUY", 10_000, 10_000)
    v.x.mark(v.s, 80 * COIN, TS)
    assert v.x.balances(poor)["USDT"] == (0, 0)
    assert v.x.venue_balances()["USDT"] == -140 * COIN
    v.x.check()


RUN = """
from native._core import Exchange
x = Exchange("linear", maker_fee_e8=20000, taker_fee_e8=50000, seed={seed})
x.asset("BTC", 8); x.asset("USDT", 8)
s = x.symbol("BTCUSDT", "BTC", "USDT", "0.1", "0.001", maintenance_e8=400000)
a = x.account("a"); x.deposit(a, "USDT", 10**14, 0)
x.flow(s, mid=600000, ts=0)
for i in range(300):
    x.advance(i * 10**8)
    _, bid, _, ask, _ = x.bbo(s)
    x.cancel_all(a, s, i * 10**8)
    x.place(a, s, f"b{{i}}", "BUY", "LIMIT", "GTC", bid, 5, i * 10**8)
    x.place(a, s, f"s{{i}}", "SELL", "LIMIT", "GTC", ask, 5, i * 10**8)
print(x.state_hash(), len(x.trades(a, s)))
"""


def test_12_the_same_seed_gives_the_same_state_hash_in_another_process() -> None:
    def run(seed: int) -> str:
        program = [sys.executable, "-c", RUN.format(seed=seed)]
        return subprocess.run(program, check=True, capture_output=True, text=True).stdout

    first = run(7)
    assert first == run(7)
    assert int(first.split()[1]) > 0
    assert first != run(8)


def test_quote_quantity_buys_what_the_money_pays_for() -> None:
    v = Venue()
    v.limit(v.a, "SELL", 10_000, 10)
    v.limit(v.a, "SELL", 20_000, 10)
    # 1.00 USDT buys 10 lots at 100.00 (0.10 each); 0.75 more buy 3 lots at 200.00, and 0.15 stay.
    events = v.market(v.b, "BUY", None, quote_qty=175 * COIN // 100)
    assert fills(events, v.b) == [(10_000, 10), (20_000, 3)]
    last = [e for e in events if e["account"] == v.b][-1]
    assert (last["status"], last["cum_quote"]) == ("FILLED", 160 * COIN // 100)
    assert v.x.balances(v.b)["USDT"] == (10**7 * COIN - 160 * COIN // 100, 0)
    v.x.check()


def test_balances_lock_on_entry_and_refuse_what_is_not_there() -> None:
    v = Venue()
    v.limit(v.a, "BUY", 10_000, 10**6)
    assert v.x.balances(v.a)["USDT"] == (10**7 * COIN - 10**5 * COIN, 10**5 * COIN)
    with pytest.raises(Refused, match="INSUFFICIENT_BALANCE") as refused:
        v.limit(v.a, "SELL", 10_001, 10**6 + 1)
    assert refused.value.args == ("INSUFFICIENT_BALANCE",)
    v.x.cancel_all(v.a, v.s, TS)
    assert v.x.balances(v.a)["USDT"] == (10**7 * COIN, 0)


def test_client_ids_are_free_again_once_closed() -> None:
    v = Venue()
    first = v.x.place(v.a, v.s, "id", "BUY", "LIMIT", "GTC", 9_000, 1, TS)[0]["order_id"]
    with pytest.raises(Refused, match="DUPLICATE"):
        v.x.place(v.a, v.s, "id", "BUY", "LIMIT", "GTC", 9_001, 1, TS)
    v.x.cancel(v.a, v.s, first, TS)
    second = v.x.place(v.a, v.s, "id", "BUY", "LIMIT", "GTC", 9_001, 1, TS)[0]["order_id"]
    found = v.x.find(v.a, v.s, client_id="id")
    assert found is not None
    assert found["order_id"] == second
    assert v.x.find(v.b, v.s, client_id="id") is None
    with pytest.raises(Refused, match="UNKNOWN_ORDER"):
        v.x.cancel(v.a, v.s, first, TS)
    with pytest.raises(Refused, match="UNKNOWN_ORDER"):
        v.x.cancel(v.b, v.s, second, TS)


def test_updates_chain_and_carry_every_change() -> None:
    v = Venue(seed=5)
    v.x.flow(v.s, mid=1_000_000, ts=TS, size=50)
    kept: dict[str, dict[int, int]] = {"bids": {}, "asks": {}}
    last = 0
    for step in range(1, 50):
        v.x.advance(TS + step * SECOND // 5)
        batch = v.x.take_updates(v.s)
        assert batch["U"] == last + 1
        last = batch["u"]
        for side, levels in kept.items():
            levels.update(unpack(batch[side]))
        assert last == v.x.bbo(v.s)[0]
    bids, asks = v.book()
    assert sorted((p, q) for p, q in kept["bids"].items() if q) == sorted(bids)
    assert sorted((p, q) for p, q in kept["asks"].items() if q) == sorted(asks)


def test_a_recorded_market_that_comes_to_our_price_fills_us() -> None:
    v = Venue()
    v.x.replay_open(v.s)
    v.depth([(9_998, 5)], [(10_001, 5)], snapshot=True)
    v.limit(v.a, "BUY", 10_000, 3)
    # The recorded ask comes down to our bid: whoever sells there would have met us.
    events = v.depth([], [(10_001, 0), (10_000, 5)])
    assert fills(events, v.a) == [(10_000, 3)]
    assert v.book() == ([(9_998, 5)], [(10_000, 2)])
    # A trade through our price fills us at our price, before anybody behind it.
    v.limit(v.b, "BUY", 9_999, 4)
    events = v.x.replay_trade(v.s, 9_998, 3, True, TS)
    assert fills(events, v.b) == [(9_999, 3)]
    v.x.check()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda v: v.limit(v.a, "BUY", 0, 1), InputError, "price must be 1 to 2.36 ticks, was 0"),
        (lambda v: v.limit(v.a, "BUY", 1, -5), InputError, "qty must be 1 to 2.42 lots, was -5"),
        (lambda v: v.limit(v.a, "HOLD", 1, 1), InputError, "side is not a known value, was HOLD"),
        (lambda v: v.limit(99, "BUY", 1, 1), UnknownError, "unknown account, was 99"),
        (lambda v: v.limit(0, "BUY", 1, 1), UnknownError, "unknown account, was 0"),
        (lambda v: v.x.bbo(9), UnknownError, "unknown symbol, was 9"),
        (lambda v: v.x.place(v.a, v.s, "", "BUY", "LIMIT", "GTC", 1, 1, TS), InputError, "client_id must have 1"),
        (lambda v: v.market(v.a, "BUY", 1, quote_qty=5), InputError, "quote_qty must be None when qty is given, was 5"),
        (lambda v: v.x.deposit(v.a, "DOGE", 1, TS), UnknownError, "unknown asset, was DOGE"),
        (lambda v: v.x.deposit(v.a, "BTC", -1, TS), InputError, "amount must be 0 to 2.90, was -1"),
        (lambda v: v.x.funding(v.s, 1, 1, TS), InputError, "market has no mark and no funding, was spot"),
        (lambda v: v.x.flow(v.s, mid=5), InputError, "mid must be 1000 to 2.34 ticks, was 5"),
        (lambda v: v.x.flow(v.s, mid=10**6, informed=2.0), InputError, "informed is outside its range, was 2"),
        (lambda v: v.x.flow(v.s, mid=10**6, volatility=float("nan")), InputError, "volatility is outside its range"),
        (lambda v: v.depth([(1, 1)], []), InputError, "symbol is not driven by a recording, was 0"),
        (lambda v: Exchange("inverse", maker_fee_e8=0, taker_fee_e8=0, seed=1), InputError, "market must be spot"),
        (lambda v: v.x.symbol("X", "BTC", "USDT", "NaN", "1"), InputError, "tick must be a decimal number, was NaN"),
        (lambda v: v.x.symbol("BTCUSDT", "BTC", "USDT", "1", "1"), InputError, "symbol is defined already"),
    ],
)
def test_bad_input_names_field_and_value_and_changes_nothing(call: Any, error: type[Exception], words: str) -> None:
    v = Venue()
    before = v.x.state_hash()
    with pytest.raises(error, match=words):
        call(v)
    assert v.x.state_hash() == before


def test_a_crossed_snapshot_or_torn_bytes_change_nothing() -> None:
    v = Venue()
    v.x.replay_open(v.s)
    v.depth([(9_999, 5)], [(10_001, 5)], snapshot=True)
    before = v.x.state_hash()
    with pytest.raises(InputError, match="snapshot is crossed, was bid 10002 ask 10001"):
        v.depth([(10_002, 5)], [(10_001, 5)], snapshot=True)
    with pytest.raises(InputError, match="bids must be pairs of int64, was 15 bytes"):
        v.x.replay_depth(v.s, False, b"x" * 15, b"", TS)
    with pytest.raises(InputError, match="bids must hold sizes"):
        v.depth([(9_999, -1)], [])
    assert v.x.state_hash() == before
    assert not issubclass(Refused, BrokenError)
