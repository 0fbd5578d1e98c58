"""USD-M's order requests, for REST and WebSocket API alike (catalogue: S1).

Rules: binance.md §3, §4 and §7. Conditional types live on the algo endpoints only (-4120 here).
"""

from native._core import Refused
from sim.box import shapes_usdm as shapes
from sim.box.desk import ExecEvent
from sim.box.errors import ApiError, refuse
from sim.box.filters import check_band, check_notional, check_room, price_ticks, qty_lots
from sim.box.listing import Listing
from sim.box.params import Params
from sim.box.spot_orders import page
from sim.box.table import USDM, Call
from sim.box.usdm_legs import leg_of, reduces

SIDES = ("BUY", "SELL")
TYPES = ("LIMIT", "MARKET")
ALGO_TYPES = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
TIFS = ("GTC", "IOC", "FOK", "GTX")
STP_MODES = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH")
_REFUSALS = {
    "INSUFFICIENT_MARGIN": "MARGIN",
    "INSUFFICIENT_BALANCE": "MARGIN",
    "WOULD_TAKE": "POST_ONLY",
    "DUPLICATE": "DUPLICATE_CLIENT_ID",
    "REDUCE_ONLY": "REDUCE_ONLY",
    "UNKNOWN_ORDER": "CANCEL_UNKNOWN",
    "NO_LIQUIDITY": "UNABLE_TO_FILL",
    "FULL": "MAX_OPEN",
    "KILLED": "FOK",
    "LEG": "POSITION_SIDE",
}


def refusal(why: Refused) -> ApiError:
    """The venue's words for what the Exchange refused."""
    return refuse(_REFUSALS.get(str(why.args[0]), "UNKNOWN"))


class NewOrder:
    """A new order that passed every check but the Exchange's own."""

    __slots__ = ("client_id", "kind", "leg", "listing", "price", "qty", "reduce_only", "shape", "side", "stp", "tif")

    def __init__(self, call: Call) -> None:
        """Reads and checks the request's parameters."""
        params, desk = call.params, call.desk
        self.listing = listing = desk.listing(params.text("symbol"))
        self.side = params.choice("side", SIDES, None, "SIDE")
        if params.values.get("type") in ALGO_TYPES:
            raise refuse("ALGO_ONLY")
        self.kind = params.choice("type", TYPES, None, "ORDER_TYPE")
        self.stp = params.choice("selfTradePreventionMode", STP_MODES, "NONE", "BAD_VALUE")
        self.shape = params.choice("newOrderRespType", ("ACK", "RESULT"), "ACK", "BAD_VALUE")
        self.leg = leg_of(call)
        self.reduce_only = reduces(call, self.leg, self.side)
        self.client_id = params.client_id("newClientOrderId") or desk.client_id()
        self.price: int | None = None
        if self.kind == "MARKET":
            self._market(call, listing)
        else:
            self._limit(call, listing)
        check_room(desk, listing, call.who)

    def _limit(self, call: Call, listing: Listing) -> None:
        self.tif = call.params.choice("timeInForce", TIFS, None, "TIF")
        self.price = price_ticks(call.desk, listing, call.params)
        self.qty = qty_lots(call.desk, listing, call.params, False)
        check_band(call.desk, listing, self.side, self.price)
        check_notional(call.desk, listing, listing.value_e8(self.price, self.qty), False, self.reduce_only)

    def _market(self, call: Call, listing: Listing) -> None:
        for name in ("timeInForce", "price"):
            if call.params.has(name):
                raise refuse("NOT_REQUIRED", name.lower())
        self.tif = "GTC"
        self.qty = qty_lots(call.desk, listing, call.params, True)
        value = listing.value_e8(call.desk.mark_ticks(listing.symbol), self.qty)
        check_notional(call.desk, listing, value, True, self.reduce_only)

    def place(self, call: Call) -> shapes.Row:
        """Hands the order to the Exchange, tells everybody, and answers."""
        desk = call.desk
        number = desk.ids[self.listing.symbol]
        try:
            events = desk.exchange.place(
                call.who, number, self.client_id, self.side, self.kind, self.tif, self.price, self.qty,
                desk.clock.now_ns(), reduce_only=self.reduce_only, stp=self.stp, leg=self.leg,
            )  # fmt: skip
        except Refused as why:
            raise refusal(why) from None
        order = desk.exchange.find(call.who, number, client_id=self.client_id)
        assert order is not None, "an accepted order is in the Exchange"
        desk.settle(events)
        return shapes.placed(self.listing, order, self.shape)


@USDM.method("POST /fapi/v1/order", "order.place", weight=0, security="SIGNED", orders=1)
def place(call: Call) -> object:
    """A new order."""
    return NewOrder(call).place(call)


@USDM.method("POST /fapi/v1/order/test", security="SIGNED")
def test(call: Call) -> object:
    """Checks a new order and places nothing."""
    NewOrder(call)
    return {}


def find(call: Call, listing: Listing, missing: str) -> ExecEvent:
    """The order that `orderId`, else `origClientOrderId`, names, or the refusal `missing`."""
    number = call.params.integer("orderId")
    name = call.params.optional("origClientOrderId")
    if number is None and name is None:
        raise refuse("MANDATORY", "orderId")
    symbol = call.desk.ids[listing.symbol]
    if number is not None:
        order = call.desk.exchange.find(call.who, symbol, order_id=number) if number >= 0 else None
    else:
        order = call.desk.exchange.find(call.who, symbol, client_id=name)
    if order is None:
        raise refuse(missing)
    return order


@USDM.method("GET /fapi/v1/order", "order.status", security="SIGNED")
def status(call: Call) -> object:
    """One order."""
    listing = call.desk.listing(call.params.text("symbol"))
    return shapes.order_row(listing, find(call, listing, "ORDER_NOT_FOUND"))


@USDM.method("GET /fapi/v1/openOrder", security="SIGNED")
def open_order(call: Call) -> object:
    """One open order."""
    listing = call.desk.listing(call.params.text("symbol"))
    order = find(call, listing, "ORDER_NOT_FOUND")
    if order["status"] not in ("NEW", "PARTIALLY_FILLED"):
        raise refuse("ORDER_NOT_FOUND")
    return shapes.order_row(listing, order)


@USDM.method("DELETE /fapi/v1/order", "order.cancel", security="SIGNED")
def cancel(call: Call) -> object:
    """Cancels one order."""
    desk = call.desk
    listing = desk.listing(call.params.text("symbol"))
    order = find(call, listing, "CANCEL_UNKNOWN")
    number = desk.ids[listing.symbol]
    try:
        events = desk.exchange.cancel(call.who, number, order["order_id"], desk.clock.now_ns())
    except Refused as why:
        raise refusal(why) from None
    desk.settle(events)
    after = desk.exchange.find(call.who, number, order_id=order["order_id"])
    assert after is not None, "a cancelled order stays known"
    return shapes.order_row(listing, after)


@USDM.method("DELETE /fapi/v1/allOpenOrders", security="SIGNED")
def cancel_all(call: Call) -> object:
    """Cancels every open order of a symbol; the same answer when there is none."""
    desk = call.desk
    listing = desk.listing(call.params.text("symbol"))
    desk.settle(desk.exchange.cancel_all(call.who, desk.ids[listing.symbol], desk.clock.now_ns()))
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


@USDM.method("PUT /fapi/v1/order", "order.modify", security="SIGNED", orders=1)
def modify(call: Call) -> object:
    """Changes price and size of an open order, which keeps its id."""
    desk, params = call.desk, call.params
    listing = desk.listing(params.text("symbol"))
    side = params.choice("side", SIDES, None, "SIDE")
    order = find(call, listing, "ORDER_NOT_FOUND")
    if order["status"] not in ("NEW", "PARTIALLY_FILLED"):
        raise refuse("ORDER_NOT_FOUND")
    if side != order["side"]:
        raise refuse("SIDE")
    price = price_ticks(desk, listing, params)
    qty = qty_lots(desk, listing, params, False)
    check_band(desk, listing, side, price)
    check_notional(desk, listing, listing.value_e8(price, qty), False, order["reduce_only"])
    if price == order["price"] and qty == order["qty"]:
        raise refuse("MODIFY_SAME")
    number = desk.ids[listing.symbol]
    try:
        events = desk.exchange.amend(call.who, number, order["order_id"], price, qty, desk.clock.now_ns())
    except Refused as why:
        raise refusal(why) from None
    desk.settle(events)
    after = desk.exchange.find(call.who, number, order_id=order["order_id"])
    assert after is not None, "a modified order stays known"
    return shapes.order_row(listing, after)


def open_weight(params: Params) -> int:
    """openOrders costs much more without a symbol."""
    return 1 if params.has("symbol") else 40


@USDM.method("GET /fapi/v1/openOrders", "openOrders.status", weight=open_weight, security="SIGNED")
def open_orders(call: Call) -> object:
    """Open orders of one symbol or of all."""
    desk, name = call.desk, call.params.optional("symbol")
    symbols = [desk.listing(name)] if name is not None else list(desk.listings.values())
    return [
        shapes.order_row(listing, order)
        for listing in symbols
        for order in desk.exchange.orders(call.who, desk.ids[listing.symbol], open_only=True)
    ]


@USDM.method("GET /fapi/v1/allOrders", weight=5, security="SIGNED")
def all_orders(call: Call) -> object:
    """Orders of a symbol, open and closed."""
    listing = call.desk.listing(call.params.text("symbol"))
    orders = call.desk.exchange.orders(call.who, call.desk.ids[listing.symbol], open_only=False)
    return page(call, [shapes.order_row(listing, order) for order in orders], "orderId", "orderId")


@USDM.method("GET /fapi/v1/userTrades", weight=5, security="SIGNED")
def user_trades(call: Call) -> object:
    """Own trades of a symbol, of one order (`orderId`), from `fromId` or a span of time."""
    desk = call.desk
    listing = desk.listing(call.params.text("symbol"))
    order = call.params.integer("orderId")
    trades = desk.exchange.trades(call.who, desk.ids[listing.symbol])
    rows = [shapes.trade_row(listing, trade) for trade in trades if order is None or trade["order_id"] == order]
    return page(call, rows, "id", "fromId")
