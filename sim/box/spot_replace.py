"""Spot's changes of an open order: cancel-replace, and amend with kept priority (catalogue: S1).

Rules: binance.md §2 and the venue's public page on cancel-replace.
"""

from native._core import Refused
from sim.box import shapes_spot as shapes
from sim.box.errors import ApiError, refuse
from sim.box.filters import qty_lots
from sim.box.params import Params
from sim.box.spot_orders import NewOrder, cancel_open, find, refusal
from sim.box.table import SPOT, Call


@SPOT.method("POST /api/v3/order/cancelReplace", "order.cancelReplace", security="SIGNED", orders=1)
def cancel_replace(call: Call) -> object:
    """Cancels one order and places another; STOP_ON_FAILURE does not place after a failed cancel."""
    params = call.params
    mode = params.choice("cancelReplaceMode", ("STOP_ON_FAILURE", "ALLOW_FAILURE"), None, "BAD_VALUE")
    new = NewOrder(call)
    listing = new.listing
    outcome: dict[str, object] = {
        "cancelResult": "NOT_ATTEMPTED", "newOrderResult": "NOT_ATTEMPTED",
        "cancelResponse": None, "newOrderResponse": None,
    }  # fmt: skip
    try:
        old = find(_cancel_part(call), listing, "CANCEL_UNKNOWN")
        cancel_id = params.client_id("cancelNewClientOrderId") or call.desk.client_id()
        outcome["cancelResponse"] = cancel_open(call, listing, old, cancel_id)
        outcome["cancelResult"] = "SUCCESS"
    except ApiError as why:
        outcome["cancelResult"], outcome["cancelResponse"] = "FAILURE", why.body()
        if mode == "STOP_ON_FAILURE":
            raise _replace_failure("CANCEL_REPLACE_FAILED", outcome) from None
    try:
        outcome["newOrderResponse"] = new.place(call)
        outcome["newOrderResult"] = "SUCCESS"
    except ApiError as why:
        outcome["newOrderResult"], outcome["newOrderResponse"] = "FAILURE", why.body()
    results = (outcome["cancelResult"], outcome["newOrderResult"])
    if results == ("SUCCESS", "SUCCESS"):
        return outcome
    raise _replace_failure("CANCEL_REPLACE_FAILED" if "SUCCESS" not in results else "CANCEL_REPLACE_PARTIAL", outcome)


def _cancel_part(call: Call) -> Call:
    """The request as its cancel half reads it."""
    values = call.params.values
    named = {"cancelOrderId": "orderId", "cancelOrigClientOrderId": "origClientOrderId"}
    half = {short: values[name] for name, short in named.items() if values.get(name)}
    if not half:
        raise refuse("MANDATORY", "cancelOrderId")
    return Call(call.desk, Params(half), call.account, call.tick_ns, call.client)


def _replace_failure(name: str, outcome: dict[str, object]) -> ApiError:
    error = refuse(name)
    error.data = outcome
    return error


@SPOT.method("PUT /api/v3/order/amend/keepPriority", "order.amend.keepPriority", weight=4, security="SIGNED")
def amend(call: Call) -> object:
    """Makes an open order smaller; it keeps its place in the queue."""
    desk, params = call.desk, call.params
    listing = desk.listing(params.text("symbol"))
    order = find(call, listing, "CANCEL_UNKNOWN")
    qty = qty_lots(desk, listing, params, False, "newQty")
    number = desk.ids[listing.symbol]
    if order["qty"] is None or order["price"] is None or not order["cum_qty"] < qty < order["qty"]:
        raise refuse("AMEND_UNCHANGED")
    try:
        events = desk.exchange.amend(call.who, number, order["order_id"], order["price"], qty, desk.clock.now_ns())
    except Refused as why:
        raise refusal(why) from None
    desk.settle(events)
    after = desk.exchange.find(call.who, number, order_id=order["order_id"])
    assert after is not None, "an amended order stays known"
    return {
        "transactTime": call.now(),
        "executionId": order["order_id"],
        "amendedOrder": shapes.amended(listing, after, call.tick_ns),
    }
