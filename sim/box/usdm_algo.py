"""USD-M's conditional orders, which live on the algo endpoints only (catalogue: S1).

Rules: binance.md §3 and §7 and the venue's public pages of the algo service. They cost no margin until they fire; the
order that they place then has their client id and meets every check of a new one. `priceProtect` is kept and shown,
and protects nothing.
"""

from native._core import Refused
from sim.box import shapes_algo as shapes
from sim.box.errors import ApiError, refuse
from sim.box.filters import ALGO_ORDERS_MAX, check_notional, price_ticks, qty_lots
from sim.box.listing import ONE_E8, Listing
from sim.box.params import Params, decimal_e8
from sim.box.spot_orders import page
from sim.box.table import USDM, Call
from sim.box.usdm_legs import leg_of, reduces
from sim.box.usdm_orders import SIDES, STP_MODES

# The venue's type: what it waits for and what it places.
KINDS = {name: kind for kind, name in shapes.TYPES.items()}
TIFS = ("GTC", "IOC", "FOK", "GTX")
WORKING = ("CONTRACT_PRICE", "MARK_PRICE")
CALLBACK_TENTHS = range(1, 101)
_REFUSALS = {
    "DUPLICATE": "DUPLICATE_CLIENT_ID",
    "WOULD_TRIGGER": "WOULD_TRIGGER",
    "REDUCE_ONLY": "NO_POSITION",
    "UNKNOWN_ORDER": "CANCEL_UNKNOWN",
    "FULL": "MAX_STOPS",
    "LEG": "POSITION_SIDE",
}


def refusal(why: Refused) -> ApiError:
    """The venue's words for what the Exchange refused."""
    return refuse(_REFUSALS.get(str(why.args[0]), "UNKNOWN"))


class NewAlgo:
    """A new conditional order that passed every check but the Exchange's own."""

    def __init__(self, call: Call) -> None:
        """Reads and checks the request's parameters."""
        params, desk = call.params, call.desk
        params.choice("algoType", ("CONDITIONAL",), None, "BAD_VALUE")
        self.listing = listing = desk.listing(params.text("symbol"))
        self.side = params.choice("side", SIDES, None, "SIDE")
        self.condition, self.kind = KINDS[params.choice("type", KINDS, None, "ORDER_TYPE")]
        self.stp = params.choice("selfTradePreventionMode", STP_MODES, "NONE", "BAD_VALUE")
        self.by_mark = params.choice("workingType", WORKING, "CONTRACT_PRICE", "BAD_VALUE") == "MARK_PRICE"
        params.choice("priceMatch", ("NONE",), "NONE", "BAD_VALUE")
        self.leg = leg_of(call)
        self.close = params.flag("closePosition")
        self.reduce_only = reduces(call, self.leg, self.side)
        self.protect = params.flag("priceProtect")
        self.client_id = params.client_id("clientAlgoId") or desk.client_id()
        self.tif = self._tif(params)
        self.trigger, self.rate_e8 = self._trigger(call, listing)
        self.price = price_ticks(desk, listing, params) if self.kind == "LIMIT" else None
        self.qty = self._qty(call, listing)
        if len(desk.exchange.conditionals(call.who, desk.ids[listing.symbol], open_only=True)) >= ALGO_ORDERS_MAX:
            raise refuse("MAX_STOPS")

    def _tif(self, params: Params) -> str:
        wanted = params.choice("timeInForce", (*TIFS, "GTE_GTC"), "GTC", "TIF")
        if self.kind == "MARKET":
            return "GTC"
        if params.has("price"):
            return "GTC" if wanted == "GTE_GTC" else wanted
        raise refuse("MANDATORY", "price")

    def _trigger(self, call: Call, listing: Listing) -> tuple[int | None, int]:
        """The price it waits for in ticks and, for a trailing stop, the callback times 1e8."""
        params = call.params
        if self.condition != "TRAILING":
            return price_ticks(call.desk, listing, params, "triggerPrice"), 0
        rate_e8, used = decimal_e8(params.text("callbackRate"), "callbackRate")
        if used > 1 or rate_e8 * 10 // ONE_E8 not in CALLBACK_TENTHS:
            raise refuse("BAD_VALUE", "callbackRate")
        # The parameter is documented as activatePrice; clients also send the older name.
        for name in ("activatePrice", "activationPrice"):
            if params.has(name):
                return price_ticks(call.desk, listing, params, name), rate_e8 // 100
        return None, rate_e8 // 100

    def _qty(self, call: Call, listing: Listing) -> int | None:
        params = call.params
        if self.close:
            if params.has("quantity"):
                raise refuse("CLOSE_QTY")
            if params.has("reduceOnly"):
                raise refuse("NOT_REQUIRED", "reduceonly")
            if self.kind == "LIMIT" or self.condition == "TRAILING":
                raise refuse("CLOSE_TYPE", params.text("type"))
            return None
        qty = qty_lots(call.desk, listing, params, self.kind == "MARKET")
        price = self.price or self.trigger or call.desk.mark_ticks(listing.symbol)
        check_notional(call.desk, listing, listing.value_e8(price, qty), self.kind == "MARKET", self.reduce_only)
        return qty

    def place(self, call: Call) -> shapes.Row:
        """Hands the order to the Exchange, tells everybody, and answers."""
        desk = call.desk
        number = desk.ids[self.listing.symbol]
        try:
            events = desk.exchange.arm(
                call.who, number, self.client_id, self.side, self.condition, self.kind, self.tif, self.price, self.qty,
                self.trigger, desk.clock.now_ns(), rate_e8=self.rate_e8, by_mark=self.by_mark,
                reduce_only=self.reduce_only, close_position=self.close, stp=self.stp, leg=self.leg,
            )  # fmt: skip
        except Refused as why:
            raise refusal(why) from None
        if self.protect:
            desk.protect_price(events[0]["order_id"])
        desk.settle(events)
        one = desk.exchange.conditional(call.who, number, id=events[0]["order_id"])
        assert one is not None, "an accepted conditional order is in the Exchange"
        return shapes.row(desk, self.listing, one)


@USDM.method("POST /fapi/v1/algoOrder", "algoOrder.place", weight=0, security="SIGNED", orders=1)
def place(call: Call) -> object:
    """A new conditional order."""
    return NewAlgo(call).place(call)


def _find(call: Call, missing: str) -> tuple[Listing, shapes.Row]:
    """The conditional order that `algoId` or `clientAlgoId` names, in whichever contract, or the refusal `missing`."""
    number, name = call.params.integer("algoId"), call.params.optional("clientAlgoId")
    if number is None and name is None:
        raise refuse("MANDATORY", "algoId")
    desk, found = call.desk, []
    for listing in desk.listings.values():
        symbol = desk.ids[listing.symbol]
        if number is not None:
            one = desk.exchange.conditional(call.who, symbol, id=number) if number >= 0 else None
        else:
            one = desk.exchange.conditional(call.who, symbol, client_id=name)
        if one is not None:
            found.append((listing, one))
    if not found:
        raise refuse(missing)
    return max(found, key=lambda pair: int(pair[1]["id"]))


@USDM.method("GET /fapi/v1/algoOrder", "algoOrder.status", security="SIGNED")
def status(call: Call) -> object:
    """One conditional order."""
    listing, one = _find(call, "ORDER_NOT_FOUND")
    return shapes.row(call.desk, listing, one)


@USDM.method("DELETE /fapi/v1/algoOrder", "algoOrder.cancel", security="SIGNED")
def cancel(call: Call) -> object:
    """Cancels one conditional order that waits."""
    listing, one = _find(call, "CANCEL_UNKNOWN")
    _disarm(call, listing, one)
    return {"algoId": one["id"], "clientAlgoId": one["client_id"], "code": "200", "msg": "success"}


def _disarm(call: Call, listing: Listing, one: shapes.Row) -> None:
    desk = call.desk
    try:
        events = desk.exchange.disarm(call.who, desk.ids[listing.symbol], one["id"], desk.clock.now_ns())
    except Refused as why:
        raise refusal(why) from None
    desk.settle(events)


@USDM.method("DELETE /fapi/v1/algoOpenOrders", security="SIGNED")
def cancel_all(call: Call) -> object:
    """Cancels every waiting conditional order of a contract; the same answer when there is none."""
    listing = call.desk.listing(call.params.text("symbol"))
    for one in call.desk.exchange.conditionals(call.who, call.desk.ids[listing.symbol], open_only=True):
        _disarm(call, listing, one)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def _open_weight(params: Params) -> int:
    return 1 if params.has("symbol") else 40


@USDM.method("GET /fapi/v1/openAlgoOrders", weight=_open_weight, security="SIGNED")
def open_orders(call: Call) -> object:
    """Waiting conditional orders of one contract or of all, or the one that `algoId` names."""
    desk, name, number = call.desk, call.params.optional("symbol"), call.params.integer("algoId")
    call.params.choice("algoType", ("CONDITIONAL",), "CONDITIONAL", "BAD_VALUE")
    listings = [desk.listing(name)] if name is not None else list(desk.listings.values())
    return [
        shapes.row(desk, listing, one)
        for listing in listings
        for one in desk.exchange.conditionals(call.who, desk.ids[listing.symbol], open_only=True)
        if number is None or one["id"] == number
    ]


@USDM.method("GET /fapi/v1/allAlgoOrders", weight=5, security="SIGNED")
def all_orders(call: Call) -> object:
    """Conditional orders of a contract, waiting or over, from `algoId` or a span of time."""
    desk = call.desk
    listing = desk.listing(call.params.text("symbol"))
    found = desk.exchange.conditionals(call.who, desk.ids[listing.symbol], open_only=False)
    rows = [{**shapes.row(desk, listing, one), "time": one["created_ts"] // 1_000_000} for one in found]
    return [{name: row[name] for name in row if name != "time"} for row in page(call, rows, "algoId", "algoId")]
