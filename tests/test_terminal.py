"""The view of a state: plain decimals, a book that is not there, one side that is empty, halts and refusals."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from pycore.terminal import draw, line, profit


def state(**more: Any) -> dict[str, Any]:
    """A published state."""
    money = {"realised": "500000000", "unrealised": "-25000000", "fees": "70000000", "fees_base_value": "5000000"}
    position = {"qty": "-9", "funding": "0", **money}
    facts = {
        "tick": "0.01000000",
        "lot": "0.00100000",
        "settle": "USDT",
        "scale": 8,
        "top": [5995558, 4, 5995559, None],
        "orders": [{"side": "SELL", "price": 5996000, "qty": 9, "cum_qty": 0, "state": "ACKED", "order": 1}],
        "positions": [position],
    }
    base = {
        "phase": "run",
        "seq": 12,
        "sent": 3,
        "awaiting": 0,
        "fills": 2,
        "halted": False,
        "reconnects": 0,
        "refusals": {"order rate": 4, "price collar": 0},
        "latency": {"total": {"count": 3, "p50_ns": 1500, "p90_ns": 2000, "p99_ns": 3000, "max_ns": 3000}},
        "instruments": {"spot:BTCUSDT": {**facts, **more.pop("facts", {})}},
    }
    return {**base, **more}


def drawn(found: dict[str, Any]) -> str:
    """The view as plain text."""
    out = StringIO()
    Console(file=out, width=120, color_system=None).print(draw(found))
    return out.getvalue()


def test_prices_sizes_and_profit_are_plain_decimals() -> None:
    text = drawn(state())
    for shown in ("59960.00", "0.009", "59955.58", "-0.009", "4.0000", "total", "order rate 4"):
        assert shown in text
    assert "E-" not in text
    assert "price collar" not in text
    assert profit(state()["instruments"]["spot:BTCUSDT"]) == Decimal("4.0000")


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({"facts": {"top": None}}, "not in sync"),
        ({"facts": {"top": [None, None, 5995559, 4]}}, "none"),
        ({"halted": True}, "HALTED"),
        ({"reconnects": 2}, "reconnects 2"),
        ({"refusals": {}}, "refusals: none"),
    ],
)
def test_what_is_missing_or_wrong_is_said(more: dict[str, Any], shown: str) -> None:
    assert shown in drawn(state(**more))


def test_a_line_holds_the_figures() -> None:
    assert line(state()) == (
        "run: event 12, sent 3, fills 2, refused 4, profit spot:BTCUSDT 4.0000 USDT, round trip p50 2 us"
    )
