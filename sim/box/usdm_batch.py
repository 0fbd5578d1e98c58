"""USD-M's batches: up to five orders, or ten cancels, in one request (catalogue: S1).

Rules: binance.md §3: the answer is an array that mixes orders and `{code, msg}`.
"""

import json

from sim.box.errors import ApiError, refuse
from sim.box.params import Params, parse_json
from sim.box.table import USDM, Call, Handler
from sim.box.usdm_orders import NewOrder, cancel, modify

BATCH_MAX = 5
CANCELS_MAX = 10


@USDM.method("POST /fapi/v1/batchOrders", weight=5, security="SIGNED", orders=BATCH_MAX)
def batch(call: Call) -> object:
    """Up to five new orders; the answer mixes orders and refusals, in order."""
    return _each(call, lambda one: NewOrder(one).place(one))


@USDM.method("PUT /fapi/v1/batchOrders", weight=5, security="SIGNED", orders=BATCH_MAX)
def modify_batch(call: Call) -> object:
    """Up to five modifications."""
    return _each(call, modify)


def _each(call: Call, act: Handler) -> list[object]:
    """Does `act` for each order of `batchOrders`; a refused one gives its `{code, msg}`."""
    answers: list[object] = []
    for values in _batch_rows(call.params.text("batchOrders")):
        one = Call(call.desk, Params(values), call.account, call.tick_ns, call.client)
        try:
            answers.append(act(one))
        except ApiError as why:
            answers.append(why.body())
    return answers


def _batch_rows(text: str) -> list[dict[str, str]]:
    """The orders of a batch, each as its parameters in text."""
    try:
        rows = json.loads(text, parse_float=str, parse_int=str)
    except ValueError:
        raise refuse("BAD_VALUE", "batchOrders") from None
    if not isinstance(rows, list) or not 1 <= len(rows) <= BATCH_MAX or not all(isinstance(r, dict) for r in rows):
        raise refuse("BAD_VALUE", "batchOrders")
    return [parse_json(row) for row in rows]


@USDM.method("DELETE /fapi/v1/batchOrders", security="SIGNED")
def cancel_batch(call: Call) -> object:
    """Cancels the orders of `orderIdList` or `origClientOrderIdList`."""
    params = call.params
    lists = {"orderIdList": "orderId", "origClientOrderIdList": "origClientOrderId"}
    lists |= {name.lower(): short for name, short in lists.items()}
    for name, short in lists.items():
        if params.has(name):
            rows = [{"symbol": params.text("symbol"), short: one} for one in _ids(params.text(name), name)]
            return _cancel_each(call, rows)
    raise refuse("MANDATORY", "orderIdList")


def _ids(text: str, name: str) -> list[str]:
    try:
        rows = json.loads(text, parse_int=str)
    except ValueError:
        raise refuse("BAD_VALUE", name) from None
    if not isinstance(rows, list) or not 1 <= len(rows) <= CANCELS_MAX or not all(isinstance(row, str) for row in rows):
        raise refuse("BAD_VALUE", name)
    return rows


def _cancel_each(call: Call, rows: list[dict[str, str]]) -> list[object]:
    answers: list[object] = []
    for values in rows:
        try:
            answers.append(cancel(Call(call.desk, Params(values), call.account, call.tick_ns, call.client)))
        except ApiError as why:
            answers.append(why.body())
    return answers
