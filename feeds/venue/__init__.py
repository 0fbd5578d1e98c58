"""Every venue's session by the name of its feed."""

from __future__ import annotations

from feeds.venue.binance import BINANCE_COINM, BINANCE_SPOT, BINANCE_USDM
from feeds.venue.bitfinex import BITFINEX
from feeds.venue.bitfinex_orders import BITFINEX_ORDERS
from feeds.venue.bitget import BITGET_MIX_V2, BITGET_SPOT_V2
from feeds.venue.bitmex import BITMEX
from feeds.venue.bitstamp import BITSTAMP
from feeds.venue.bitstamp_orders import BITSTAMP_ORDERS
from feeds.venue.bybit import BYBIT_INVERSE, BYBIT_LINEAR, BYBIT_SPOT
from feeds.venue.coinbase import COINBASE
from feeds.venue.coinbase_orders import COINBASE_ORDERS
from feeds.venue.deribit import DERIBIT
from feeds.venue.dydx import DYDX
from feeds.venue.gate import GATE_INVERSE, GATE_LINEAR, GATE_SPOT
from feeds.venue.htx import HTX_INVERSE, HTX_LINEAR
from feeds.venue.hyperliquid import HYPERLIQUID
from feeds.venue.independent_reserve import INDEPENDENT_RESERVE
from feeds.venue.kraken import KRAKEN
from feeds.venue.kraken_futures import KRAKEN_FUTURES
from feeds.venue.kraken_orders import KRAKEN_ORDERS
from feeds.venue.kraken_v2 import KRAKEN_V2
from feeds.venue.kucoin import KUCOIN, KUCOIN_FUTURES
from feeds.venue.lighter import LIGHTER
from feeds.venue.okx import OKX
from feeds.venue.spec import Venue
from native._core import InputError

#: The sessions that this package brings.
SESSIONS: dict[str, Venue] = {
    venue.feed: venue
    for venue in (
        BINANCE_SPOT,
        BINANCE_USDM,
        BINANCE_COINM,
        OKX,
        BYBIT_SPOT,
        BYBIT_LINEAR,
        BYBIT_INVERSE,
        COINBASE,
        KRAKEN,
        KRAKEN_FUTURES,
        DERIBIT,
        BITSTAMP,
        KUCOIN,
        BITGET_SPOT_V2,
        BITGET_MIX_V2,
        HYPERLIQUID,
        HTX_LINEAR,
        HTX_INVERSE,
        GATE_SPOT,
        KRAKEN_V2,
        KUCOIN_FUTURES,
        GATE_LINEAR,
        GATE_INVERSE,
        BITFINEX,
        BITMEX,
        DYDX,
        LIGHTER,
        BITSTAMP_ORDERS,
        BITFINEX_ORDERS,
        INDEPENDENT_RESERVE,
        COINBASE_ORDERS,
        KRAKEN_ORDERS,
    )
}
#: What a venue alone is short for.
_SHORT = {
    "binance": "binance-spot",
    "bitget": "bitget-spot-v2",
    "kraken": "kraken-spot",
    "kucoin": "kucoin-spot",
    "gate": "gate-spot",
}


def session_of(name: str) -> Venue:
    """The session called `name`; a venue alone is its spot market. InputError where there is none."""
    found = SESSIONS.get(_SHORT.get(name, name))
    if found is None:
        raise InputError(f"--venue must be one of {', '.join(SESSIONS)}, was {name}")
    return found
