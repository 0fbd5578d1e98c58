"""Spot's order requests, for REST and WebSocket API alike (catalogue: S1).

Rules: binance.md §2, §4 and §7. What the Exchange refuses becomes the venue's code and text; a request that is refused
anywhere on its way has changed nothing.
"""

from native._core import Refused
from sim.box import shapes_spot as shapes
from sim.box import spot_stops as stops
from sim.box.desk import ExecEvent
from sim.box.errors import ApiError, refuse
from sim.box.filters import check_band, check_notional, check_room, price_ticks, qty_lots
from sim.box.listing import Listing
from sim.box.params import Params
from sim.box.table import SPOT, Call

SIDES = ("BUY", "SELL")
TYPES = ("LIMIT", "LIMIT_MAKER", "MARKET", *stops.TYPES)
TIFS = ("GTC", "IOC", "FOK")
STP_MODES = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH")
SHAPES = ("ACK", "RESULT", "FULL")
_REFUSALS = {
    "INSUFFICIENT_BALANCE": "BALANCE",
    "WOULD_TAKE": "WOULD_TAKE",
    "DUPLICATE": "DUPLICATE_ORDER",
    "UNKNOWN_ORDER": "CANCEL_UNKNOWN",
    "NO_LIQUIDITY": "NO_DEPTH",
    "WOULD_TRIGGER": "STOP_NOW",
}


def refusal(why: Refused) -> ApiError:
    """The venue's words for what the Exchange refused."""
    name = _REFUSALS.get(str(why.args[0]))
    return refuse(name) if name else refuse("FILTER", "EXCHANGE_MAX_NUM_ORDERS")


class NewOrder:
    """A new order that passed every check but the Exchange's own."""

    __slots__ = ("client_id", "kind", "listing", "price", "qty", "quote_qty", "shape", "side", "stop", "stp", "tif")

    def __init__(self, call: Call) -> None:
        """Reads and checks the request's parameters in the venue's order."""
        params, desk = call.params, call.desk
        self.listing = listing = desk.listing(params.text("symbol"))
        self.side = params.choice("side", SIDES, None, "SIDE")
        name = params.choice("type", TYPES, None, "ORDER_TYPE")
        self.kind = stops.TYPES[name][1] if name in stops.TYPES else name
        self.tif = self._tif(params)
        self.stp = params.choice("selfTradePreventionMode", STP_MODES, "NONE", "BAD_VALUE")
        usual = "FULL" if name in ("LIMIT", "MARKET") else "ACK"
        self.shape = params.choice("newOrderRespType", SHAPES, usual, "BAD_VALUE")
        self.client_id = params.client_id("newClientOrderId") or desk.client_id()
        if params.has("icebergQty"):
            raise refuse("ICEBERG")
        self.stop: stops.Stop | None = None
        if name in stops.TYPES:
            self.stop = stops.read_stop(call, listing, name)
        else:
            stops.no_stop(params)
        self.price: int | None = None
        self.qty: int | None = None
        self.quote_qty: int | None = None
        if self.kind == "MARKET":
            self._market(call, listing)
        else:
            self._limit(call, listing)
        check_room(desk, listing, call.who)

    def _tif(self, params: Params) -> str:
        if self.kind == "LIMIT":
            return params.choice("timeInForce", TIFS, None, "TIF")
        if params.has("timeInForce"):
            raise refuse("NOT_REQUIRED", "timeInForce")
        return "GTX" if self.kind == "LIMIT_MAKER" else "GTC"

    def _limit(self, call: Call, listing: Listing) -> None:
        if call.params.has("quoteOrderQty"):
            raise refuse("NOT_REQUIRED", "quoteOrderQty")
        self.price = price_ticks(call.desk, listing, call.params)
        self.qty = qty_lots(call.desk, listing, call.params, False)
        check_band(call.desk, listing, self.side, self.price)
        check_notional(call.desk, listing, listing.value_e8(self.price, self.qty), False, False)

    def _market(self, call: Call, listing: Listing) -> None:
        if call.params.has("price"):
            raise refuse("NOT_REQUIRED", "price")
        if call.params.has("quoteOrderQty") and self.stop is None:
            if call.params.has("quantity"):
                raise refuse("COMBINATION")
            sent = call.params.decimal("quoteOrderQty")
            assert sent is not None
            self.quote_qty, used = sent
            if used > 8:
                raise refuse("PRECISION_OF", "quoteOrderQty")
            check_notional(call.desk, listing, self.quote_qty, True, False)
            return
        self.qty = qty_lots(call.desk, listing, call.params, True)
        value = listing.value_e8(call.desk.tapes[listing.symbol].price, self.qty)
        check_notional(call.desk, listing, value, True, False)

    def place(self, call: Call) -> shapes.Row:
        """Hands the order to the Exchange, tells everybody, and answers."""
        desk = call.desk
        number = desk.ids[self.listing.symbol]
        try:
            events = self._send(call, number)
        except Refused as why:
            raise refusal(why) from None
        desk.settle(events)
        order = desk.exchange.find(call.who, number, client_id=self.client_id)
        assert order is not None, "an accepted order is in the Exchange"
        return shapes.placed(self.listing, desk.as_sent(order), events, self.shape, call.tick_ns)

    def _send(self, call: Call, number: int) -> list[ExecEvent]:
        """To the Exchange, with what only the desk remembers of it."""
        desk, kind = call.desk, "MARKET" if self.kind == "MARKET" else "LIMIT"
        if self.stop is not None:
            events = desk.exchange.arm(
                call.who, number, self.client_id, self.side, self.stop.condition, kind, self.tif, self.price, self.qty,
                self.stop.trigger, desk.clock.now_ns(), stp=self.stp,
            )  # fmt: skip
            desk.remember_stop(events[0]["order_id"], self.stop.name, self.stop.trigger)
            return events
        events = desk.exchange.place(
            call.who, number, self.client_id, self.side, kind, self.tif, self.price, self.qty, desk.clock.now_ns(),
            stp=self.stp, quote_qty=self.quote_qty,
        )  # fmt: skip
        if self.quote_qty is not None:
            desk.remember_quote(events, self.quote_qty)
        return events


@SPOT.method("POST /api/v3/order", "order.place", security="SIGNED", orders=1)
def place(call: Call) -> object:
    """A new order."""
    return NewOrder(call).place(call)


@SPOT.method("POST /api/v3/order/test", "order.test", security="SIGNED")
def test(call: Call) -> object:
    """Checks a new order and places nothing."""
    NewOrder(call)
    if call.params.flag("computeCommissionRates"):
        rate = "0.00100000"
        zero = {"maker": shapes.ZERO, "taker": shapes.ZERO}
        return {"standardCommissionForOrder": {"maker": rate, "taker": rate}, "taxCommissionForOrder": zero}
    return {}


def find(call: Call, listing: Listing, missing: str) -> ExecEvent:
    """The order that `orderId` or `origClientOrderId` names, or the refusal `missing`."""
    number = call.params.integer("orderId")
    name = call.params.optional("origClientOrderId")
    if number is None and name is None:
        raise refuse("MANDATORY", "orderId")
    symbol = call.desk.ids[listing.symbol]
    if number is not None:
        order = call.desk.exchange.find(call.who, symbol, order_id=number) if number >= 0 else None
    else:
        order = call.desk.exchange.find(call.who, symbol, client_id=name)
    if order is None or (number is not None and name is not None and order["client_id"] != name):
        raise refuse(missing)
    return call.desk.as_sent(order)


@SPOT.method("GET /api/v3/order", "order.status", weight=4, security="SIGNED")
def status(call: Call) -> object:
    """One order."""
    listing = call.desk.listing(call.params.text("symbol"))
    return shapes.order_row(listing, find(call, listing, "ORDER_NOT_FOUND"), call.tick_ns)


def cancel_open(call: Call, listing: Listing, order: ExecEvent, cancel_id: str) -> shapes.Row:
    """Cancels an order that `find` saw."""
    desk = call.desk
    number = desk.ids[listing.symbol]
    try:
        events = desk.exchange.cancel(call.who, number, order["order_id"], desk.clock.now_ns())
    except Refused as why:
        raise refusal(why) from None
    desk.settle(events, cancel_id)
    after = desk.exchange.find(call.who, number, order_id=order["order_id"])
    assert after is not None, "a cancelled order stays known"
    return shapes.cancelled(listing, desk.as_sent(after), cancel_id, call.tick_ns)


@SPOT.method("DELETE /api/v3/order", "order.cancel", security="SIGNED")
def cancel(call: Call) -> object:
    """Cancels one order; its answer carries the cancel's id and the order's."""
    listing = call.desk.listing(call.params.text("symbol"))
    wanted = call.params.choice("cancelRestrictions", ("ONLY_NEW", "ONLY_PARTIALLY_FILLED"), "", "BAD_VALUE")
    cancel_id = call.params.client_id("newClientOrderId") or call.desk.client_id()
    order = find(call, listing, "CANCEL_UNKNOWN")
    if wanted and order["status"] != wanted.removeprefix("ONLY_"):
        raise refuse("CANCEL_STATUS")
    return cancel_open(call, listing, order, cancel_id)


@SPOT.method("DELETE /api/v3/openOrders", "openOrders.cancelAll", security="SIGNED")
def cancel_all(call: Call) -> object:
    """Cancels every open order of a symbol; -2011 when there is none."""
    listing = call.desk.listing(call.params.text("symbol"))
    orders = call.desk.exchange.orders(call.who, call.desk.ids[listing.symbol], open_only=True)
    if not orders:
        raise refuse("CANCEL_UNKNOWN")
    return [cancel_open(call, listing, order, call.desk.client_id()) for order in orders]


def open_weight(params: Params) -> int:
    """openOrders costs much more without a symbol."""
    return 6 if params.has("symbol") else 80


@SPOT.method("GET /api/v3/openOrders", "openOrders.status", weight=open_weight, security="SIGNED")
def open_orders(call: Call) -> object:
    """Open orders of one symbol or of all."""
    desk, name = call.desk, call.params.optional("symbol")
    symbols = [desk.listing(name)] if name is not None else list(desk.listings.values())
    return [
        shapes.order_row(listing, desk.as_sent(order), call.tick_ns)
        for listing in symbols
        for order in desk.exchange.orders(call.who, desk.ids[listing.symbol], open_only=True)
    ]


@SPOT.method("GET /api/v3/allOrders", "allOrders", weight=20, security="SIGNED")
def all_orders(call: Call) -> object:
    """Orders of a symbol, open and closed, from `orderId` or a span of time."""
    listing = call.desk.listing(call.params.text("symbol"))
    orders = call.desk.exchange.orders(call.who, call.desk.ids[listing.symbol], open_only=False)
    rows = [shapes.order_row(listing, call.desk.as_sent(order), call.tick_ns) for order in orders]
    return page(call, rows, "orderId", "orderId")


@SPOT.method("GET /api/v3/myTrades", "myTrades", weight=20, security="SIGNED")
def my_trades(call: Call) -> object:
    """Own trades of a symbol, of one order (`orderId`), from `fromId` or a span of time."""
    listing = call.desk.listing(call.params.text("symbol"))
    order = call.params.integer("orderId")
    trades = call.desk.exchange.trades(call.who, call.desk.ids[listing.symbol])
    rows = [shapes.trade_row(listing, t, call.tick_ns) for t in trades if order is None or t["order_id"] == order]
    return page(call, rows, "id", "fromId")


def page(call: Call, rows: list[shapes.Row], key: str, start_name: str) -> list[shapes.Row]:
    """`limit` rows: the first ones from an id or a start time on, else the newest, oldest first."""
    limit = call.params.limit(500, 1_000)
    first = call.params.integer(start_name)
    start, end = call.params.span()
    rows.sort(key=lambda row: int(row[key]))
    if first is not None:
        return [row for row in rows if row[key] >= first][:limit]
    unit = 1_000_000 // call.tick_ns
    inside = [
        row
        for row in rows
        if (start is None or row["time"] >= start * unit) and (end is None or row["time"] <= end * unit + unit - 1)
    ]
    return inside[:limit] if start is not None else inside[-limit:]
