"""Spot's stop-loss and take-profit orders: their types, their trigger and their own filters (catalogue: S1).

Rules: the venue's public pages "New order" and "Filters". They are orders from the start: they lock money, are listed
among the open ones with `isWorking` false, and keep id and type when they go to the book. Trailing ones are not offered
(`allowTrailingStop` is false).
"""

from typing import NamedTuple

from sim.box.errors import refuse
from sim.box.filters import check_stops, price_ticks
from sim.box.listing import Listing
from sim.box.params import Params
from sim.box.table import Call

# The venue's type: what it waits for and what it is then.
TYPES = {
    "STOP_LOSS": ("STOP", "MARKET"),
    "STOP_LOSS_LIMIT": ("STOP", "LIMIT"),
    "TAKE_PROFIT": ("TAKE_PROFIT", "MARKET"),
    "TAKE_PROFIT_LIMIT": ("TAKE_PROFIT", "LIMIT"),
}


class Stop(NamedTuple):
    """What an order waits for: the venue's type, the Exchange's condition and the trigger in ticks."""

    name: str
    condition: str
    trigger: int


def no_stop(params: Params) -> None:
    """Orders of other types take no trigger."""
    for name in ("stopPrice", "trailingDelta"):
        if params.has(name):
            raise refuse("NOT_REQUIRED", name)


def read_stop(call: Call, listing: Listing, name: str) -> Stop:
    """The trigger of an order of type `name`."""
    if call.params.has("trailingDelta"):
        raise refuse("TRAILING")
    check_stops(call.desk, listing, call.who)
    return Stop(name, TYPES[name][0], price_ticks(call.desk, listing, call.params, "stopPrice"))
