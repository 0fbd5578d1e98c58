"""USD-M's JSON: orders, positions and user events, from what the Exchange tells (catalogue: S1).

Fields: binance.md §5. Prices and sizes are text with the contract's decimals, amounts of USDT text with 8.
"""

from typing import Any, NamedTuple

from sim.box.clock import NS_PER_MS, Stamp
from sim.box.desk import Desk, ExecEvent
from sim.box.encoding import encode
from sim.box.listing import Listing, text_e8

Row = dict[str, Any]
# How the venue's own client ids begin.
AUTOCLOSE = "autoclose-"


def _price(listing: Listing, order: ExecEvent) -> str:
    return listing.price_text(order["price"] or 0)


def average(listing: Listing, order: ExecEvent) -> str:
    """The average fill price so far."""
    return listing.average_text(order["cum_quote"], order["cum_qty"])


def order_row(listing: Listing, order: ExecEvent) -> Row:
    """An order as GET, PUT, DELETE and the RESULT answer show it."""
    executed = listing.qty_text(order["cum_qty"])
    return {
        "orderId": order["order_id"],
        "symbol": listing.symbol,
        "status": order["status"],
        "clientOrderId": order["client_id"],
        "price": _price(listing, order),
        "avgPrice": average(listing, order),
        "origQty": listing.qty_text(order["qty"] or 0),
        "executedQty": executed,
        "cumQty": executed,
        "cumQuote": text_e8(order["cum_quote"]),
        "timeInForce": order["tif"],
        "type": order["type"],
        "reduceOnly": order["reduce_only"],
        "closePosition": False,
        "side": order["side"],
        "positionSide": order["leg"],
        "stopPrice": listing.price_text(0),
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "origType": order["type"],
        "priceMatch": "NONE",
        "selfTradePreventionMode": order["stp"],
        "goodTillDate": 0,
        "time": order["created_ts"] // NS_PER_MS,
        "updateTime": order["ts"] // NS_PER_MS,
    }


def placed(listing: Listing, order: ExecEvent, shape: str) -> Row:
    """The answer to a new order: ACK is the order as it was accepted, RESULT as it stands after matching."""
    row = order_row(listing, order)
    if shape == "ACK":
        zero = listing.qty_text(0)
        row.update(
            status="NEW", avgPrice=listing.average_text(0, 0), executedQty=zero, cumQty=zero, cumQuote=text_e8(0),
            updateTime=row["time"],
        )  # fmt: skip
    return row


def trade_row(listing: Listing, trade: ExecEvent) -> Row:
    """One own trade as userTrades shows it."""
    return {
        "symbol": listing.symbol,
        "id": trade["trade_id"],
        "orderId": trade["order_id"],
        "side": trade["side"],
        "price": listing.price_text(trade["price"]),
        "qty": listing.qty_text(trade["qty"]),
        "realizedPnl": text_e8(trade["realised"]),
        "quoteQty": text_e8(trade["quote"]),
        "commission": text_e8(trade["fee"]),
        "commissionAsset": trade["fee_asset"],
        "time": trade["ts"] // NS_PER_MS,
        "positionSide": trade["leg"],
        "buyer": trade["side"] == "BUY",
        "maker": trade["maker"],
    }


def liquidated(event: ExecEvent) -> bool:
    """Whether the order is one that the venue itself made to close a position."""
    return str(event["client_id"]).startswith(AUTOCLOSE)


def order_update(listing: Listing, event: ExecEvent, at: Stamp) -> bytes:
    """The user stream's ORDER_TRADE_UPDATE."""
    traded = event["exec"] == "TRADE"
    stamp = at.of(event["ts"])
    kind = "LIQUIDATION" if liquidated(event) else event["type"]
    zero = listing.qty_text(0)
    buy = event["side"] == "BUY"
    left = 0 if event["qty"] is None else event["qty"] - event["cum_qty"]
    live = event["status"] in ("NEW", "PARTIALLY_FILLED") and event["price"] is not None
    notional = text_e8(listing.value_e8(event["price"], left)) if live else "0"
    order: Row = {
        "s": listing.symbol,
        "c": event["client_id"],
        "S": event["side"],
        "o": kind,
        "f": event["tif"],
        "q": listing.qty_text(event["qty"] or 0),
        "p": _price(listing, event),
        "ap": average(listing, event),
        "sp": listing.price_text(0),
        "x": "CALCULATED" if traded and liquidated(event) else event["exec"],
        "X": event["status"],
        "i": event["order_id"],
        "l": listing.qty_text(event["last_qty"]) if traded else zero,
        "z": listing.qty_text(event["cum_qty"]),
        "L": listing.price_text(event["last_price"]) if traded else listing.price_text(0),
        "T": stamp,
        "t": event["trade_id"] if traded else 0,
        "b": notional if buy else "0",
        "a": "0" if buy else notional,
        "m": bool(traded and event["maker"]),
        "R": event["reduce_only"],
        "wt": "CONTRACT_PRICE",
        "ot": kind,
        "ps": event["leg"],
        "cp": False,
        "rp": text_e8(event["realised"]) if traded else "0",
        "pP": False,
        "si": 0,
        "ss": 0,
        "V": event["stp"],
        "pm": "NONE",
        "gtd": 0,
        "er": "0",
    }
    if traded:
        order["n"] = text_e8(event["fee"])
        order["N"] = event["fee_asset"]
    update = {"e": "ORDER_TRADE_UPDATE", "T": stamp, "E": at.now, "o": order}
    return encode(update).encode()


def trade_lite(listing: Listing, event: ExecEvent, at: Stamp) -> bytes:
    """The user stream's TRADE_LITE: a fill with few fields."""
    update: Row = {
        "e": "TRADE_LITE",
        "E": at.now,
        "T": at.of(event["ts"]),
        "s": listing.symbol,
        "q": listing.qty_text(event["qty"] or 0),
        "p": _price(listing, event),
        "m": event["maker"],
        "c": event["client_id"],
        "S": event["side"],
        "L": listing.price_text(event["last_price"]),
        "l": listing.qty_text(event["last_qty"]),
        "t": event["trade_id"],
        "i": event["order_id"],
    }
    return encode(update).encode()


class Movement(NamedTuple):
    """Why a wallet moved at `ts` (ns), by which contract's (None: funding) position, and by how much besides trades."""

    reason: str
    symbol: str | None
    leg: str
    change_e8: int
    ts: int


def _position(desk: Desk, who: int, listing: Listing, leg: str) -> Row:
    """The account's position in a contract, a flat one too: clients learn from it that it is gone."""
    place = (desk.ids[listing.symbol], leg)
    held = next((row for row in desk.exchange.positions(who) if (row["symbol"], row["leg"]) == place), None)
    entry = entry_text(listing, held["entry_e8"] if held else 0)
    return {
        "s": listing.symbol,
        "pa": listing.signed_qty_text(held["qty"] if held else 0),
        "ep": entry,
        "bep": entry,
        "cr": text_e8(0),
        "up": text_e8(held["unrealised"] if held else 0),
        "mt": "isolated" if desk.settings(who).isolated(listing.symbol) else "cross",
        "iw": text_e8(held["wallet"]) if held else "0",
        "ps": leg,
        "ma": "USDT",
    }


def account_update(desk: Desk, who: int, moved: Movement, at: Stamp) -> bytes:
    """The user stream's ACCOUNT_UPDATE; `bc` is the change that no trade explains (funding)."""
    isolated = sum(position["wallet"] for position in desk.exchange.positions(who))
    balances = [
        {"a": asset, "wb": text_e8(wallet), "cw": text_e8(wallet - isolated), "bc": text_e8(moved.change_e8)}
        for asset, (wallet, _) in desk.exchange.balances(who).items()
        if wallet or asset == "USDT"
    ]
    rows = [] if moved.symbol is None else [_position(desk, who, desk.listings[moved.symbol], moved.leg)]
    update = {
        "e": "ACCOUNT_UPDATE",
        "E": at.now,
        "T": at.of(moved.ts),
        "a": {"m": moved.reason, "B": balances, "P": rows},
    }
    return encode(update).encode()


def entry_text(listing: Listing, price_e8: int) -> str:
    """A price in units of 1e-8 with at least the contract's decimals and no further trailing zeros."""
    whole, _, digits = text_e8(price_e8).partition(".")
    return f"{whole}.{digits.rstrip('0').ljust(listing.price_precision, '0')}"
