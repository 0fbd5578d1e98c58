"""catalogue: S1. Conditional orders in a market that moves by itself, and input that cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from native._core import Exchange, InputError, Refused

TS = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
COIN = 10**8
# tick 0.1 (1e-8: 10^7), lot 0.001


def market() -> tuple[Exchange, int, int]:
    """A linear exchange, its symbol and a rich account."""
    exchange = Exchange("linear", maker_fee_e8=20_000, taker_fee_e8=50_000, seed=3)
    for asset in ("BTC", "USDT"):
        exchange.asset(asset, 8)
    symbol = exchange.symbol("BTCUSDT", "BTC", "USDT", "0.1", "0.001", maintenance_e8=400_000)
    account = exchange.account("us")
    exchange.deposit(account, "USDT", 10**6 * COIN, TS)
    return exchange, symbol, account


def stop(exchange: Exchange, symbol: int, account: int, **changes: Any) -> list[dict[str, Any]]:
    """Arms a sell stop for 0.01 at 59,990."""
    wanted: dict[str, Any] = {
        "client_id": "guard", "side": "SELL", "condition": "STOP", "type": "MARKET", "tif": "GTC", "price": None,
        "qty": 10, "trigger": 599_900, "ts": TS,
    }  # fmt: skip
    return exchange.arm(account, symbol, **{**wanted, **changes})


def steps(events: list[dict[str, Any]]) -> list[str]:
    return [event["step"] for event in events if event["exec"] == "CONDITIONAL"]


def test_a_generated_market_fires_what_it_meets_in_the_moment_it_does() -> None:
    exchange, symbol, account = market()
    exchange.flow(symbol, mid=600_000, ts=TS, trade_rate=20.0)
    exchange.advance(TS + SECOND)
    for serial, away in enumerate((-30, 30)):
        side = "SELL" if away < 0 else "BUY"
        stop(exchange, symbol, account, client_id=f"s{serial}", side=side, trigger=600_000 + away)
    fired: list[dict[str, Any]] = []
    for second in range(2, 600):
        fired += exchange.advance(TS + second * SECOND)
        if "FINISHED" in steps(fired):
            break
    assert steps(fired)[:3] == ["TRIGGERING", "TRIGGERED", "FINISHED"]
    trade = next(event for event in fired if event["exec"] == "TRADE")
    one = exchange.conditional(account, symbol, client_id=trade["client_id"])
    assert one is not None
    # A market order pays at worst a little beyond its trigger, and time is that of the trade that fired it.
    assert abs(trade["last_price"] - one["trigger"]) < 50
    assert one["triggered_ts"] == trade["ts"] > TS
    exchange.check()


def test_a_recorded_trade_fires_and_a_recorded_level_does_not() -> None:
    exchange, symbol, account = market()
    exchange.replay_open(symbol)

    def levels(bid: int, ask: int) -> tuple[bytes, bytes]:
        return tuple(b"".join(v.to_bytes(8, "little") for v in (price, 500)) for price in (bid, ask))  # type: ignore[return-value]  # two

    exchange.replay_depth(symbol, True, *levels(600_000, 600_001), TS)
    stop(exchange, symbol, account)
    assert steps(exchange.replay_depth(symbol, True, *levels(599_800, 599_801), TS)) == []
    assert steps(exchange.replay_trade(symbol, 599_901, 1, True, TS)) == []
    assert steps(exchange.replay_trade(symbol, 599_900, 1, True, TS)) == ["TRIGGERING", "TRIGGERED", "FINISHED"]
    assert [row["price"] for row in exchange.trades(account, symbol)] == [599_800]
    exchange.check()


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"condition": "WISH"}, "condition .*was WISH"),
        ({"trigger": None}, "trigger is needed, was None"),
        ({"trigger": 0}, "price must be 1 to 2.36 ticks, was 0"),
        ({"qty": None}, "qty is needed without quote_qty, was None"),
        ({"close_position": True}, "close_position is for market orders without a size, was true"),
        ({"condition": "TRAILING", "rate_e8": 0}, "rate_e8 must be 1 to 10 %, was 0"),
        ({"condition": "TRAILING", "rate_e8": 10_000_001}, "rate_e8 must be 1 to 10 %, was 10000001"),
        ({"type": "LIMIT"}, "price is needed by a limit order, was None"),
        ({"client_id": "x" * 37}, "client_id must have 1 to 36 bytes"),
    ],
)
def test_what_cannot_be_is_refused_by_field_and_value(changes: dict[str, Any], wanted: str) -> None:
    exchange, symbol, account = market()
    before = exchange.state_hash()
    with pytest.raises(InputError, match=wanted):
        stop(exchange, symbol, account, **changes)
    assert exchange.state_hash() == before


def test_only_its_owner_takes_one_back() -> None:
    exchange, symbol, account = market()
    other = exchange.account("them")
    number = stop(exchange, symbol, account)[0]["order_id"]
    with pytest.raises(Refused, match="UNKNOWN_ORDER"):
        exchange.disarm(other, symbol, number, TS)
    assert exchange.conditionals(other, symbol, open_only=False) == []
    assert steps(exchange.disarm(account, symbol, number, TS)) == ["CANCELED"]
    with pytest.raises(Refused, match="UNKNOWN_ORDER"):
        exchange.disarm(account, symbol, number, TS)


def test_isolated_margin_is_for_flat_linear_symbols() -> None:
    exchange, symbol, account = market()
    exchange.place(account, symbol, "a", "BUY", "LIMIT", "GTC", 600_000, 10, TS)
    with pytest.raises(InputError, match="isolated is for linear symbols with neither position nor order, was true"):
        exchange.isolate(account, symbol, True, TS)
    with pytest.raises(InputError, match="margin is for a position in isolated margin, was 5"):
        exchange.add_margin(account, symbol, 5, TS)
