"""The SDK: wishes, parameters, conversion, the runner's order of calls, and a strategy's exception that is named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native._core import Engine, InputError, View, Wish
from pycore.errors import ConfigError
from pycore.glft_maker import GlftMaker
from pycore.notes import Fill, OrderChange, Trade
from pycore.runner import Runner, Seat, StrategyError
from pycore.strategy import BUY, NO_PRICE, REDUCE_ONLY, SELL, Contract, Strategy
from pycore.strategy_load import find

PERP = Contract(1, "linear", "BTCUSDT", Decimal("0.1"), Decimal("0.001"))


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_conversion_is_exact_and_rounds_down(ticks: int, lots: int) -> None:
    assert PERP.ticks(PERP.price(ticks)) == ticks
    assert PERP.lots(PERP.size(lots)) == lots
    assert PERP.ticks(PERP.price(ticks) + Decimal("0.05")) == ticks


def test_wishes_are_collected_in_order_and_handed_over_once() -> None:
    strategy = Strategy(PERP)
    strategy.buy(100, 5, tag=7)
    strategy.sell(None, 3, tif="IOC", reduce_only=True)
    strategy.cancel(9)
    strategy.replace(9, SELL, 101, 4, tag=8)
    wishes = strategy.collected()
    assert strategy.collected() == []
    assert [(w.action, w.side, w.order_type, w.tif) for w in wishes] == [
        (1, BUY, 1, 2),
        (1, SELL, 2, 3),
        (2, 0, 1, 2),
        (3, SELL, 1, 2),
    ]
    assert (wishes[0].price, wishes[0].qty, wishes[0].tag) == (100, 5, 7)
    assert (wishes[1].price, wishes[1].flags) == (NO_PRICE, REDUCE_ONLY)
    assert (wishes[2].target, wishes[3].target) == (9, 9)


def test_an_unknown_time_in_force_is_named() -> None:
    with pytest.raises(InputError, match="was 'GTD'"):
        Strategy(PERP).buy(100, 5, tif="GTD")


@pytest.mark.parametrize("kind", ["no_such", "pycore.no_such:Thing", "pycore.config:Nothing", "pycore.config:Config"])
def test_a_strategy_that_is_not_one_is_named(kind: str) -> None:
    with pytest.raises(InputError, match=kind):
        find(kind)


def test_the_registered_maker_is_found() -> None:
    assert find("glft") is GlftMaker


GLFT: dict[str, Any] = {
    "a": 2.0,
    "k": 0.05,
    "gamma": 0.001,
    "xi": 0.001,
    "sigma": 10.0,
    "size": 5,
    "levels": 2,
    "step_ticks": 10,
    "max_position": 50,
}


def test_every_bad_parameter_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as raised:
        GlftMaker(PERP, {**GLFT, "a": -1, "levels": 99, "speed": 3})
    assert {field for field, _ in raised.value.faults} == {"params.a", "params.levels", "params.speed"}


class Recording(Strategy):
    """Notes each call, and wishes for one order on every book."""

    def __init__(self) -> None:
        super().__init__(PERP)
        self.calls: list[str] = []

    def on_start(self) -> None:
        self.calls.append("start")

    def on_book(self, book: View) -> None:
        assert book is self.view
        self.calls.append("book")
        self.buy(100, 1)

    def on_trade(self, trade: Trade) -> None:
        self.calls.append(f"trade {trade.price}")

    def on_fill(self, fill: Fill) -> None:
        self.calls.append(f"fill {fill.qty}")

    def on_order(self, order: OrderChange) -> None:
        self.calls.append(f"order {order.state}")

    def on_timer(self, now: int) -> None:
        assert now == self.now
        self.calls.append("timer")

    def on_stop(self) -> None:
        self.calls.append("stop")


def run_recording(events: list[tuple[Any, ...]], happened: int) -> tuple[list[str], list[tuple[int, int, int, int]]]:
    """The calls that a batch causes, and the proposals as (account, strategy, instrument, wishes)."""
    rule = Recording()
    proposed: list[tuple[int, int, int, int]] = []

    def propose(account: int, strategy: int, instrument: int, wishes: list[Wish]) -> None:
        proposed.append((account, strategy, instrument, len(wishes)))

    engine = Engine(None, build="test", config_digest=bytes(32))
    runner = Runner([Seat("one", 1, 2, 3, rule)], engine, propose)
    runner.on_batch(events, happened)
    runner.start()
    runner.on_batch(events, happened)
    runner.stop()
    runner.on_batch(events, happened)
    return rule.calls, proposed


def test_a_batch_is_told_in_order_and_only_to_whom_it_concerns() -> None:
    events: list[tuple[Any, ...]] = [
        (1, "book", 3),
        (2, "book", 4),
        (3, "trade", 3, 100, 5, True, 77),
        (4, "order", 3, 9, 2, "ACKED", 0, 100, 5, 0, 0),
        (5, "order", 3, 9, 8, "ACKED", 0, 100, 5, 0, 0),
        (6, "fill", 3, 9, 2, 0, 100, 4, 1, 1, True, 78, 0),
        (7, "gap", 3, 1, 2),
        (8, "timer", 0, 123),
    ]
    calls, proposed = run_recording(events, 1)
    assert calls == ["start", "book", "trade 100", "order ACKED", "fill 4", "timer", "stop"]
    assert proposed == [(1, 2, 3, 1)]


def test_nothing_that_concerns_it_means_no_call() -> None:
    others: list[tuple[Any, ...]] = [(1, "book", 4), (2, "fill", 3, 9, 8, 0, 100, 4, 1, 1, True, 78, 0)]
    for happened in (0, 1):
        assert run_recording(others, happened) == (["start", "stop"], [])


def test_an_exception_is_named_with_its_strategy() -> None:
    class Faulty(Strategy):
        def on_timer(self, now: int) -> None:
            raise ZeroDivisionError("by zero")

    engine = Engine(None, build="test", config_digest=bytes(32))
    runner = Runner([Seat("bad", 1, 2, 3, Faulty(PERP))], engine, lambda *_: None)
    runner.start()
    with pytest.raises(StrategyError, match="strategy bad raised ZeroDivisionError: by zero"):
        runner.on_batch([(1, "timer", 0, 5)], 16)
