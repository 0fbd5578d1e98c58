"""USD-M's dead-man switch: a contract's open orders are cancelled unless a countdown is renewed (catalogue: S1).

Rules: the venue's public page on `countdownCancelAll`: the time is in ms, 0 ends the countdown.
"""

from sim.box.clock import NS_PER_MS
from sim.box.desk import Desk
from sim.box.errors import refuse
from sim.box.table import USDM, Call

COUNTDOWN_MS_MAX = 86_400_000


@USDM.method("POST /fapi/v1/countdownCancelAll", weight=10, security="SIGNED")
def countdown(call: Call) -> object:
    """Starts, renews or ends the countdown of a contract."""
    desk = call.desk
    listing = desk.listing(call.params.text("symbol"))
    time_ms = call.params.integer("countdownTime")
    if time_ms is None:
        raise refuse("MANDATORY", "countdownTime")
    if not 0 <= time_ms <= COUNTDOWN_MS_MAX:
        raise refuse("BAD_VALUE", "countdownTime")
    key = (call.who, desk.ids[listing.symbol])
    if time_ms:
        desk.countdowns[key] = desk.clock.now_ns() + time_ms * NS_PER_MS
    else:
        desk.countdowns.pop(key, None)
    return {"symbol": listing.symbol, "countdownTime": str(time_ms)}


def run_out(desk: Desk, now: int) -> None:
    """Cancels the orders of every countdown that nobody renewed."""
    for key in [key for key, until in desk.countdowns.items() if until <= now]:
        del desk.countdowns[key]
        desk.settle(desk.exchange.cancel_all(*key, now))
