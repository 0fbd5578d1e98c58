"""USD-M's listen keys: opened, kept and closed with the API key alone (catalogue: S1).

Rules: binance.md §3 and §7.
"""

from sim.box.errors import refuse
from sim.box.table import USDM, Call


@USDM.method("POST /fapi/v1/listenKey", "userDataStream.start", security="KEY")
def open_key(call: Call) -> object:
    """A listen key: the one that is valid, or a new one."""
    if call.account is None:
        raise refuse("KEY")
    return {"listenKey": call.desk.users.open_key(call.account, call.desk.clock.now_ns())}


@USDM.method("PUT /fapi/v1/listenKey", "userDataStream.ping", security="KEY")
def keep_key(call: Call) -> object:
    """Makes the listen key last another hour."""
    if call.account is None:
        raise refuse("KEY")
    return {"listenKey": call.desk.users.keep_key(call.account, call.desk.clock.now_ns())}


@USDM.method("DELETE /fapi/v1/listenKey", "userDataStream.stop", security="KEY")
def close_key(call: Call) -> object:
    """Ends the listen key."""
    if call.account is None:
        raise refuse("KEY")
    call.desk.users.close_key(call.account)
    return {}
