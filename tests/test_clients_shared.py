"""catalogue: S1. What all rounds of `make test-clients` share: a wrong digit, a gap or a missing check must be seen."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pycore.output import Output
from tests.clients import environments, run
from tests.clients.checks import CHECKS, FAILED, NOT_OFFERED, PASSED
from tests.clients.exact import UNIT, Fill, Holdings, after_fills, check_fills, check_realized
from tests.clients.stream_book import StreamBook
from tests.clients.trader import Book, user_event

PRICE, QTY = Decimal("60123.45"), Decimal("0.0373")


def fill(fee: str, asset: str, **more: Any) -> Fill:
    return Fill(PRICE, QTY, Decimal(fee), asset, **more)


@pytest.mark.parametrize(
    ("market", "side", "right"),
    [
        ("spot", "BUY", fill("0.00003730", "BTC")),
        ("spot", "SELL", fill("2.24260468", "USDT")),
        ("usdm", "BUY", fill("1.12130234", "USDT")),
    ],
)
def test_a_fee_is_exact_to_the_last_digit(market: str, side: str, right: Fill) -> None:
    check_fills(market, side, QTY, [right])
    for off in (UNIT, -UNIT):
        with pytest.raises(AssertionError, match="the fee of"):
            check_fills(market, side, QTY, [Fill(right.price, right.qty, right.fee + off, right.fee_asset)])
    with pytest.raises(AssertionError, match="the filled size"):
        check_fills(market, side, QTY * 2, [right])


def test_fills_move_spot_balances_and_usdm_positions() -> None:
    spot = after_fills("spot", "BUY", Holdings({"BTC": Decimal(1), "USDT": Decimal(9000)}), [fill("0.1", "BTC")])
    assert spot.assets == {"BTC": Decimal("0.9373"), "USDT": 9000 - PRICE * QTY}
    closing = fill("2", "USDT", realized=Decimal(5))
    usdm = after_fills("usdm", "SELL", Holdings({"USDT": Decimal(9000)}, QTY), [closing])
    assert usdm == Holdings({"USDT": Decimal(9003)}, Decimal(0))


def test_a_realised_profit_may_be_off_by_one_cut_a_fill_only() -> None:
    bought, profit = [Fill(Decimal(100), QTY, Decimal(0), "USDT")], (PRICE - 100) * QTY
    check_realized(bought, [fill("0", "USDT", realized=profit - UNIT)])
    with pytest.raises(AssertionError, match="realised"):
        check_realized(bought, [fill("0", "USDT", realized=profit - 2 * UNIT)])


def delta(first: int, last: int, before: int, price: str, qty: str) -> dict[str, Any]:
    return {"U": first, "u": last, "pu": before, "b": [[price, qty]], "a": []}


@pytest.mark.parametrize("market", ["spot", "usdm"])
def test_a_streams_book_chains_and_sees_a_gap(market: str) -> None:
    kept: list[Book] = []
    book = StreamBook(market, kept.append)
    for message in (delta(1, 4, 0, "9", "1"), delta(5, 8, 4, "8", "2")):
        book.message(message)
    # The snapshot stands inside the second message, which is applied again.
    book.snapshot({"lastUpdateId": 6, "bids": [["9", "1"], ["7", "1"]], "asks": [["10", "1"]]})
    book.message(delta(9, 9, 8, "9", "0.000"))
    assert [(state.update_id, [str(price) for price, _ in state.bids]) for state in kept] == [
        (8, ["9", "8", "7"]),
        (9, ["8", "7"]),
    ]
    with pytest.raises(AssertionError, match="must begin there"):
        book.message(delta(11, 12, 10, "9", "1"))


def test_order_events_are_known_raw_and_wrapped() -> None:
    report = {"e": "executionReport", "c": "a", "x": "NEW", "X": "NEW", "i": 7, "o": "LIMIT"}
    assert user_event(report) == user_event({"subscriptionId": 0, "event": report}) == ("7", "NEW")
    assert user_event({"stream": "key", "data": {"e": "ORDER_TRADE_UPDATE", "o": report}}) == ("7", "NEW")
    assert user_event({"e": "outboundAccountPosition", "B": []}) is None
    assert user_event([1]) is None


def row(check: str, result: str, detail: str = "") -> dict[str, Any]:
    return {"client": "c", "version": "1", "market": "spot", "check": check, "result": result, "detail": detail}


def test_the_table_has_a_line_a_check_and_words_for_what_did_not_pass() -> None:
    rows = [row("book", PASSED), row("amend", NOT_OFFERED, "no such call"), row("fill", FAILED, "off by one")]
    rows.append({**row("book", NOT_OFFERED, "no such call"), "market": "usdm"})
    shown = {line["check"]: line["c"] for line in run.by_check(rows)}
    assert list(shown) == list(CHECKS)
    assert (shown["book"], shown["amend"], shown["fill"], shown["cancel"]) == ("spot ok, usdm -", "-", "FAILED", "")
    assert run.remarks(rows) == [
        "- c: amend (spot), book (usdm): no such call",
        "FAILED c: fill (spot): off by one",
    ]


def test_a_round_that_dies_has_failed_every_check_that_it_owed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nread box\necho \'{{"market": "spot", "check": "book", "result": "{PASSED}"}}\'')
    python.chmod(0o755)
    monkeypatch.setattr(run, "LOGS", tmp_path)
    monkeypatch.setattr(environments, "python_of", lambda _: python)
    rows = list(run.play("dead", run.Client("dead_round", "dead", ("spot",)), 1))
    failed = {line["check"] for line in rows if line["result"] == FAILED}
    assert failed == set(CHECKS) - {"book"}


def test_a_box_that_does_not_start_fails_its_client_and_not_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_box(*_: Any) -> Iterator[dict[str, Any]]:
        raise ValueError("no first line")
        yield {}

    monkeypatch.setattr(run, "play", no_box)
    monkeypatch.setattr(environments, "ready", lambda _: True)
    rows = list(run.play_all(["connector_spot"], 1, Output(as_json=True)))
    assert [(line["result"], line["check"]) for line in rows] == [(FAILED, "markets")]
    assert "no first line" in rows[0]["detail"]


def test_an_unknown_client_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["nobody"]) == 2
    assert "nobody" in capsys.readouterr().err
