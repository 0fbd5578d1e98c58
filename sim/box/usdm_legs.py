"""USD-M's position mode, and the position that a request is for (catalogue: S1).

Rules: binance.md §3 and the venue's public pages "Change Position Mode" and "New Order". One-way mode has one position
a contract (BOTH), hedge mode two (LONG and SHORT), and every order names one of them. There reduceOnly is not sent: an
order whose side closes its position never opens one, and is shown as reduce-only.
"""

from native._core import Refused
from sim.box.errors import refuse
from sim.box.table import USDM, Call

LEGS = ("BOTH", "LONG", "SHORT")
CLOSES = {("LONG", "SELL"), ("SHORT", "BUY")}
_REFUSALS = {"MODE_UNCHANGED": "DUAL_SAME", "MODE_ORDERS": "DUAL_ORDERS", "MODE_POSITION": "DUAL_POSITION"}


def is_hedged(call: Call) -> bool:
    """Whether the account is in hedge mode."""
    return call.desk.exchange.legs(call.who) != ["BOTH"]


def leg_of(call: Call) -> str:
    """The position that `positionSide` names; -4061 for one that the account's mode does not have."""
    leg = call.params.choice("positionSide", LEGS, "BOTH", "BAD_VALUE")
    if leg not in call.desk.exchange.legs(call.who):
        raise refuse("POSITION_SIDE")
    return leg


def reduces(call: Call, leg: str, side: str) -> bool:
    """Whether an order only ever closes: in one-way mode by `reduceOnly`, in hedge mode by its sides."""
    if leg == "BOTH":
        return call.params.flag("reduceOnly")
    if call.params.has("reduceOnly"):
        raise refuse("NOT_REQUIRED", "reduceonly")
    return (leg, side) in CLOSES


@USDM.method("GET /fapi/v1/positionSide/dual", weight=30, security="SIGNED")
def dual(call: Call) -> object:
    """The account's position mode."""
    return {"dualSidePosition": is_hedged(call)}


@USDM.method("POST /fapi/v1/positionSide/dual", security="SIGNED")
def set_dual(call: Call) -> object:
    """Sets hedge or one-way mode, over all contracts; refused while an order or a position is open in any."""
    call.params.text("dualSidePosition")
    hedge = call.params.flag("dualSidePosition")
    try:
        call.desk.exchange.position_mode(call.who, hedge, call.desk.clock.now_ns())
    except Refused as why:
        raise refuse(_REFUSALS[str(why.args[0])]) from None
    return {"code": 200, "msg": "success"}
