"""The compiled gate against a naive model in Python: for random proposals the refusal lists exactly what fails."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from native import _core
from native._core import Gate, InputError, UnknownError

USDT = 10**8
LOT_TICK = 10**4  # one tick (0.1 USDT) of one lot (0.001) in USDT's smallest unit
SCOPES = ("all", "account", "strategy", "symbol", "venue")
SUBJECTS = {"all": 0, "account": 3, "strategy": 4, "symbol": 1, "venue": 1}
MANDATORY = {
    "max_order_qty": "order size",
    "max_order_notional": "order notional",
    "max_position": "position",
    "max_open_orders": "open orders",
    "price_collar": "price collar",
    "order_rate": "order rate",
    "max_daily_loss": "daily loss limit",
}
OPTIONAL = {
    "max_total_notional": "total notional",
    "max_leverage": "leverage",
    "max_loss_per_trade": "loss per trade",
    "max_drawdown": "drawdown",
}
CHECKS = MANDATORY | OPTIONAL
Figures = dict[str, int]


@dataclass
class Model:
    """What a reader of the rules would write: no bits, no shared code, everything in exact integers."""

    limits: dict[tuple[str, str], int] = field(default_factory=dict)
    allowed: set[str] = field(default_factory=set)
    halted: set[str] = field(default_factory=set)
    tokens: dict[str, int] = field(default_factory=dict)

    def failed(self, order: Figures, context: dict[str, Any]) -> set[str]:
        """The names of the checks that this order must fail."""
        found = {name for kind, name in MANDATORY.items() if all(key[0] != kind for key in self.limits)}
        if self.halted:
            found.add("trading halted")
        if self.allowed != {"account", "strategy"}:
            found.add("allowed symbols")
        if self.crosses(order, context):
            found.add("self-trade")
        for (kind, scope), limit in self.limits.items():
            if self.breaks(kind, limit, order, context, scope):
                found.add(CHECKS[kind])
        return found

    @staticmethod
    def crosses(order: Figures, context: dict[str, Any]) -> bool:
        own: int | None = context.get("opposite")
        if own is None:
            return False
        return order["price"] >= own if order["side"] == 0 else order["price"] <= own

    @staticmethod
    def shrinks(order: Figures, context: dict[str, Any], figures: Figures) -> bool:
        open_after = figures["open_lots"] - context["target_lots"] + order["qty"]
        against = -figures["position"] if order["side"] == 0 else figures["position"]
        return against > 0 and open_after <= against

    def breaks(self, kind: str, limit: int, order: Figures, context: dict[str, Any], scope: str) -> bool:
        figures = context["exposure"][scope]
        notional = order["price"] * order["qty"] * LOT_TICK
        gross = figures["gross_notional"] - context["target_notional"] + notional
        sign = 1 if order["side"] == 0 else -1
        worst = abs(figures["position"] + sign * (figures["open_lots"] - context["target_lots"] + order["qty"]))
        orders = figures["open_orders"] + (order["action"] == 1)
        equity, peak, reference = figures["equity"], figures["equity_peak"], context.get("reference")
        held: dict[str, Callable[[], bool]] = {
            "max_order_qty": lambda: order["qty"] <= limit,
            "max_order_notional": lambda: notional <= limit,
            "max_position": lambda: worst <= limit or self.shrinks(order, context, figures),
            "max_open_orders": lambda: orders <= limit,
            "price_collar": lambda: (
                reference is not None and abs(order["price"] - reference) * 10_000 <= limit * reference
            ),
            "order_rate": lambda: self.tokens[scope] > 0,
        }
        money: dict[str, Callable[[], bool]] = {
            "max_total_notional": lambda: gross <= limit,
            "max_leverage": lambda: equity > 0 and gross * 100 <= limit * equity,
            "max_loss_per_trade": lambda: -figures["last_trade_pnl"] <= limit,
            "max_daily_loss": lambda: -figures["pnl_today"] <= limit,
            "max_drawdown": lambda: peak > 0 and (peak - equity) * 10_000 <= limit * peak,
        }
        if kind in money:
            return not (self.shrinks(order, context, context["exposure"]["account"]) or money[kind]())
        return not held[kind]()


def values(kind: str) -> st.SearchStrategy[int]:
    """Limits of the size that random orders reach."""
    if kind in ("max_order_qty", "max_position"):
        return st.integers(0, 800)
    if kind == "max_open_orders":
        return st.integers(0, 12)
    if kind == "order_rate":
        return st.integers(1, 3)
    if kind in ("price_collar", "max_leverage"):
        return st.integers(1, 400)
    if kind == "max_drawdown":
        return st.integers(1, 10_000)
    return st.integers(0, 40_000).map(lambda units: units * USDT)


@st.composite
def gates(draw: st.DrawFn) -> tuple[Gate, Model]:
    gate, model = Gate(), Model()
    for scope in draw(st.sets(st.sampled_from(["account", "strategy"]), max_size=2)) | draw(
        st.sampled_from([{"account", "strategy"}, set[str]()])
    ):
        gate.limit(scope, SUBJECTS[scope], "allow_symbol", 1)
        model.allowed.add(scope)
    for kind in CHECKS:
        for scope in draw(st.sets(st.sampled_from(SCOPES), max_size=3)):
            value = draw(values(kind))
            gate.limit(scope, SUBJECTS[scope], kind, value, int(kind == "order_rate"))
            model.limits[kind, scope] = value
            if kind == "order_rate":
                model.tokens[scope] = value
    for scope in draw(st.sets(st.sampled_from(SCOPES), max_size=1)) if draw(st.integers(0, 4)) == 0 else []:
        gate.halt(scope, SUBJECTS[scope], 9)
        model.halted.add(scope)
    return gate, model


money = st.integers(-40_000, 40_000).map(lambda units: units * USDT)
figures = st.fixed_dictionaries(
    {
        "position": st.integers(-600, 600),
        "open_lots": st.integers(0, 400),
        "open_orders": st.integers(0, 12),
        "gross_notional": st.integers(0, 40_000).map(lambda units: units * USDT),
        "equity": money,
        "equity_peak": money,
        "pnl_today": money,
        "last_trade_pnl": money,
    }
)
contexts = st.fixed_dictionaries(
    {
        "now": st.just(0),
        "exposure": st.fixed_dictionaries(dict.fromkeys(SCOPES, figures)),
        "target_lots": st.just(0),
        "target_notional": st.just(0),
    },
    optional={"reference": st.integers(590_000, 610_000), "opposite": st.integers(597_000, 603_000)},
)
orders = st.fixed_dictionaries(
    {
        "account": st.just(3),
        "strategy": st.just(4),
        "action": st.sampled_from([1, 3]),
        "side": st.integers(0, 1),
        "price": st.integers(595_000, 605_000),
        "qty": st.integers(1, 700),
    }
)


@settings(max_examples=200, deadline=None)
@given(gates(), st.lists(st.tuples(orders, contexts), min_size=1, max_size=6))
def test_the_refusal_lists_exactly_what_the_naive_model_says(
    pair: tuple[Gate, Model], cases: list[tuple[Figures, dict[str, Any]]]
) -> None:
    gate, model = pair
    for order, context in cases:
        if order["action"] == 3:
            order["target"] = 77
            context["target_lots"] = 5
            context["target_notional"] = 3 * USDT
        verdict = gate.check(order, context)
        names = [found[0] for found in verdict.findings]
        assert len(names) == len(set(names))
        assert set(names) == model.failed(order, context), verdict.text
        assert verdict.approved is (not names)
        assert verdict.text.count("; ") == max(len(names) - 1, 0)
        assert all(name in verdict.text for name in names)
        if verdict.approved:
            assert verdict.text == "All risk checks passed"
            for scope in model.tokens:
                model.tokens[scope] -= 1


def open_gate() -> Gate:
    """A gate that lets account 3 and strategy 4 trade, with limits that nothing reaches."""
    gate = Gate()
    for scope in ("account", "strategy"):
        gate.limit(scope, SUBJECTS[scope], "allow_symbol", 1)
    for kind in ("max_order_qty", "max_order_notional", "max_position", "max_daily_loss"):
        gate.limit("all", 0, kind, 2**80)
    gate.limit("all", 0, "max_open_orders", 1_000)
    gate.limit("all", 0, "price_collar", 500)
    gate.limit("all", 0, "order_rate", 10, 10)
    return gate


ORDER = {"account": 3, "strategy": 4, "price": 600_000, "qty": 1}


def test_a_loss_of_10000_today_refuses_the_next_order_with_the_daily_loss_limit() -> None:
    gate = open_gate()
    gate.limit("account", 3, "max_daily_loss", 5_000 * USDT)
    context = {"reference": 600_000, "exposure": {"account": {"pnl_today": -10_000 * USDT}}}
    verdict = gate.check(ORDER, context)
    assert not verdict.approved
    assert verdict.text == "daily loss limit: limit 5000, was 10000 (account 3)"
    assert gate.check(ORDER, {"reference": 600_000}).text == "All risk checks passed"


def test_the_bucket_paces_orders_by_the_events_time() -> None:
    gate = open_gate()
    passed = [gate.check(ORDER, {"reference": 600_000, "now": ms * 10**6}).approved for ms in range(0, 2_000, 20)]
    assert sum(passed) == 10 + 19, "ten at once, then ten a second over 1.98 s"
    assert gate.check(ORDER, {"reference": 600_000, "now": 0}).findings[0][0] == "order rate"


def test_a_halted_strategy_may_only_cancel() -> None:
    gate = open_gate()
    gate.halt("strategy", 4, 12)
    assert gate.check(ORDER, {"reference": 600_000}).text == "trading halted: cause 12 (strategy 4)"
    assert gate.check({**ORDER, "strategy": 5}, {"reference": 600_000}).text.startswith("allowed symbols")
    assert gate.check({"account": 3, "strategy": 4, "action": 2, "target": 9}, {}).approved
    gate.resume("strategy", 4)
    assert gate.check(ORDER, {"reference": 600_000}).approved


def test_the_oldest_is_displaced_where_the_mode_says_so() -> None:
    gate = open_gate()
    meets = {"reference": 600_000, "opposite": 599_000, "opposite_order": 8}
    assert (gate.check(ORDER, meets).findings[0][0], gate.check(ORDER, meets).displaced) == ("self-trade", 0)
    gate.limit("account", 3, "self_trade", 1)
    assert gate.check(ORDER, meets).displaced == 8


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (("account", 3, "max_order_qty", -1), InputError, "was max_order_qty -1"),
        (("planet", 3, "max_order_qty", 1), UnknownError, "unknown scope, was planet"),
        (("account", 3, "max_luck", 1), UnknownError, "unknown limit, was max_luck"),
        (("account", 64, "max_order_qty", 1), _core.FullError, "bound of 64"),
        (("account", 70_000, "max_order_qty", 1), InputError, "was 70000"),
        (("all", 0, "order_rate", 5), InputError, "was 0"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_by_field_and_value(
    arguments: tuple[str, int, str, int], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        Gate().limit(*arguments)


def test_a_field_that_nothing_reads_is_an_error() -> None:
    with pytest.raises(KeyError, match="quantity"):
        Gate().check({**ORDER, "quantity": 3}, {})
