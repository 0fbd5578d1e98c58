"""catalogue: S1. Isolated margin: a position's own wallet, what goes in and out of it, and its liquidation alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.box_venue import Venue

BTC = {"symbol": "BTCUSDT"}
MARKET = {**BTC, "type": "MARKET"}
COIN = 10**8


@pytest.fixture
def venue() -> Venue:
    """Account 0 is in isolated margin at 10 times; the market is 59,999 to 60,000."""
    venue = Venue("linear")
    venue.quote("59999", "60000", "5")
    venue.ok("POST", "/fapi/v1/leverage", {**BTC, "leverage": "10"})
    venue.ok("POST", "/fapi/v1/marginType", {**BTC, "marginType": "ISOLATED"})
    return venue


def mark(venue: Venue, price: int) -> None:
    venue.desk.settle(venue.desk.exchange.mark(0, price * COIN, venue.clock.now_ns()))
    venue.desk.exchange.check()


def wallets(venue: Venue) -> dict[str, Decimal]:
    row = venue.ok("GET", "/fapi/v3/balance", {})[0]
    return {name: Decimal(row[name]) for name in ("balance", "crossWalletBalance", "availableBalance", "crossUnPnl")}


def risk(venue: Venue) -> dict[str, Any]:
    row = venue.ok("GET", "/fapi/v2/positionRisk", BTC)[0]
    assert isinstance(row, dict)
    return row


def test_a_fill_puts_its_initial_margin_into_the_positions_wallet(venue: Venue) -> None:
    venue.ok("POST", venue.order, {**MARKET, "side": "BUY", "quantity": "1"})
    mark(venue, 60_000)
    row = risk(venue)
    assert (row["marginType"], row["isolatedWallet"], row["isolatedMargin"]) == (
        "isolated", "6000.00000000", "6000.00000000",
    )  # fmt: skip
    # 5 bp of 60,000 are the fee; the cross wallet bears nothing of the position.
    assert wallets(venue) == {
        "balance": Decimal(99_970), "crossWalletBalance": Decimal(93_970), "availableBalance": Decimal(93_970),
        "crossUnPnl": Decimal(0),
    }  # fmt: skip
    update = venue.heard("ACCOUNT_UPDATE")[-1]["a"]
    assert (update["B"][0]["wb"], update["B"][0]["cw"]) == ("99970.00000000", "93970.00000000")
    assert (update["P"][0]["mt"], update["P"][0]["iw"]) == ("isolated", "6000.00000000")
    # Equity 6,000 + (p - 60,000) falls to 0.4 % of p at p = 54,000 / 0.996.
    assert row["liquidationPrice"].startswith("54216.86")


def test_a_close_takes_its_share_out(venue: Venue) -> None:
    venue.ok("POST", venue.order, {**MARKET, "side": "BUY", "quantity": "1"})
    venue.ok("POST", venue.order, {**MARKET, "side": "SELL", "quantity": "0.25"})
    mark(venue, 60_000)
    assert risk(venue)["isolatedWallet"] == "4500.00000000"
    venue.ok("POST", venue.order, {**MARKET, "side": "SELL", "quantity": "1.75"})
    # The position has turned: the rest went back, and the short of 1 BTC sold at 59,999 has its own margin.
    assert risk(venue)["isolatedWallet"] == "5999.90000000"
    venue.ok("POST", venue.order, {**MARKET, "side": "BUY", "quantity": "1"})
    flat = wallets(venue)
    assert flat["balance"] == flat["crossWalletBalance"] == flat["availableBalance"]
    assert venue.heard("ACCOUNT_UPDATE")[-1]["a"]["P"][0]["iw"] in ("0", "0.00000000")


def test_margin_is_added_and_taken_within_what_is_spare(venue: Venue) -> None:
    path = "/fapi/v1/positionMargin"
    assert venue.code("POST", path, {**BTC, "type": "1", "amount": "5"}) == -4054
    venue.ok("POST", venue.order, {**MARKET, "side": "BUY", "quantity": "1"})
    mark(venue, 60_000)
    assert venue.ok("POST", path, {**BTC, "type": "1", "amount": "500.5"})["amount"] == 500.5
    assert risk(venue)["isolatedWallet"] == "6500.50000000"
    assert venue.heard("ACCOUNT_UPDATE")[-1]["a"]["m"] == "MARGIN_TRANSFER"
    for bad, code in (("94000", -4050), ("0", -4055), ("-1", -1100), ("x", -1100)):
        assert venue.code("POST", path, {**BTC, "type": "1", "amount": bad}) == code
    assert venue.code("POST", path, {**BTC, "type": "2", "amount": "500.51"}) == -4051
    assert venue.code("POST", path, {**BTC, "type": "3", "amount": "1"}) == -1130
    venue.ok("POST", path, {**BTC, "type": "2", "amount": "500.5"})
    assert risk(venue)["isolatedWallet"] == "6000.00000000"


def test_what_cannot_change_with_a_position_is_refused(venue: Venue) -> None:
    venue.ok("POST", venue.order, {**MARKET, "side": "BUY", "quantity": "1"})
    assert venue.code("POST", "/fapi/v1/leverage", {**BTC, "leverage": "5"}) == -4161
    assert venue.code("POST", "/fapi/v1/marginType", {**BTC, "marginType": "CROSSED"}) == -4048
    assert venue.ok("POST", "/fapi/v1/leverage", {**BTC, "leverage": "20"})["leverage"] == 20


def test_a_liquidation_takes_the_positions_wallet_and_no_more(venue: Venue) -> None:
    venue.ok("POST", venue.order, {**MARKET, "side": "BUY", "quantity": "1"})
    ether = {"symbol": "ETHUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1"}
    other = venue.ok("POST", venue.order, {**ether, "price": "2000"})
    before = wallets(venue)["crossWalletBalance"]
    # Far below the price at which the wallet is used up: the venue pays what is missing.
    venue.quote("50000", "61000", "1")
    mark(venue, 54_300)
    assert risk(venue)["positionAmt"] == "1.000"
    mark(venue, 50_000)
    assert risk(venue)["positionAmt"] == "0.000"
    after = wallets(venue)
    assert after["balance"] == after["crossWalletBalance"] == before
    assert venue.ok("GET", venue.order, {"symbol": "ETHUSDT", "orderId": str(other["orderId"])})["status"] == "NEW"
    assert [row["o"]["x"] for row in venue.heard("ORDER_TRADE_UPDATE")][-1] == "CALCULATED"


def test_funding_is_paid_from_the_positions_wallet(venue: Venue) -> None:
    venue.ok("POST", venue.order, {**MARKET, "side": "BUY", "quantity": "1"})
    cross = wallets(venue)["crossWalletBalance"]
    venue.desk.settle(venue.desk.exchange.funding(0, 10_000, 60_000 * COIN, venue.clock.now_ns()))
    mark(venue, 60_000)
    assert (risk(venue)["isolatedWallet"], wallets(venue)["crossWalletBalance"]) == ("5994.00000000", cross)
