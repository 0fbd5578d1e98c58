"""Which of the core's public feeds a recorded message or REST book belongs to, by the address that it came from.

catalogue: M1. Addresses from the venues' documents, which change:
<https://www.okx.com/docs-v5/en/#overview-production-trading-services>,
<https://bybit-exchange.github.io/docs/v5/ws/connect> (the same topics on each category's path),
<https://docs.kraken.com/api/docs/guides/spot-ws-intro> (v1 at the root, another protocol at `/v2`) and
<https://docs.kraken.com/api/docs/guides/futures-websockets>,
<https://bitgetlimited.github.io/apidoc/en/spot/#websocket-api> (v1) and
<https://www.bitget.com/docs/classic/Websocket-introduction> (v2: one address, and each message names its market),
<https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-overview>,
<https://docs.deribit.com/#json-rpc-over-websocket>,
<https://www.kucoin.com/docs/websocket/basic-info/apply-connect-token/public-token-no-authentication-required-> (the
answer names the address), <https://www.bitstamp.net/websocket/v2/>,
<https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket>,
<https://www.gate.com/docs/developers/apiv4/ws/en/> and <https://www.gate.com/docs/developers/futures/ws/en/>,
<https://www.htx.com/en-us/opend/newApiPages/?id=28c33ab2-77ae-11ed-9966-0242ac110003>,
<https://docs.bitfinex.com/docs/ws-general>, <https://www.bitmex.com/app/wsAPI> and
<https://docs.dydx.xyz/indexer-client/websockets> (v3's books had the same form),
<https://apidocs.lighter.xyz/docs/websocket-reference>.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from native._core import InputError

#: Host, path and feed. A feed's name is the core's, and what `tickwright book` prints as the venue.
FEEDS = (
    ("okx.com", "/ws/v5/public", "okx"),
    ("okx.com", "/ws/v5/business", "okx"),
    ("bybit.com", "/v5/public/spot", "bybit-spot"),
    ("bybit.com", "/v5/public/linear", "bybit-linear"),
    ("bybit.com", "/v5/public/inverse", "bybit-inverse"),
    ("kraken.com", "", "kraken-spot"),
    ("kraken.com", "/v2", "kraken-spot-v2"),
    ("bitget.com", "/spot/v1/stream", "bitget-spot"),
    ("bitget.com", "/mix/v1/stream", "bitget-mix"),
    ("bitget.com", "/v2/ws/public", "bitget-spot-v2"),
    ("bitget.com", "/v2/ws/public", "bitget-mix-v2"),
    ("kraken.com", "/ws/v1", "kraken-futures"),
    ("coinbase.com", "", "coinbase"),
    ("deribit.com", "/ws/api/v2", "deribit"),
    ("push-private.kucoin.com", "/endpoint", "kucoin-spot"),
    ("ws-api-spot.kucoin.com", "", "kucoin-spot"),
    ("ws-api-futures.kucoin.com", "", "kucoin-futures"),
    ("ws.bitstamp.net", "", "bitstamp"),
    ("hyperliquid.xyz", "/ws", "hyperliquid"),
    ("api.gateio.ws", "/ws/v4", "gate-spot"),
    ("fx-ws.gateio.ws", "/v4/ws/usdt", "gate-linear"),
    ("fx-ws.gateio.ws", "/v4/ws/btc", "gate-inverse"),
    ("api.hbdm.com", "/linear-swap-ws", "htx-linear"),
    ("api.hbdm.com", "/swap-ws", "htx-inverse"),
    ("api.hbdm.com", "/linear-swap-notification", "htx-linear"),
    ("api.hbdm.com", "/swap-notification", "htx-inverse"),
    ("api.hbdm.com", "/ws_index", "htx-inverse"),
    ("api.hbdm.com", "/ws_index", "htx-linear"),
    ("bitfinex.com", "/ws/2", "bitfinex"),
    ("bitmex.com", "/realtime", "bitmex"),
    ("dydx.trade", "/v4/ws", "dydx"),
    ("dydx.exchange", "/v3/ws", "dydx"),
    ("zklighter.elliot.ai", "/stream", "lighter"),
)
#: A request for a whole book, with its symbol, and the feed that the book belongs to.
_BOOKS = (
    (re.compile(r"https://api\.kucoin\.com/api/v3/market/orderbook/level2\?(?:.*&)?symbol=([^&]+)"), "kucoin-spot"),
    (re.compile(r"https://api\.kucoin\.com/api/v1/market/orderbook/level2_100\?(?:.*&)?symbol=([^&]+)"), "kucoin-spot"),
    (re.compile(r"https://api-futures\.kucoin\.com/api/v1/level2/snapshot\?(?:.*&)?symbol=([^&]+)"), "kucoin-futures"),
    (re.compile(r"https://www\.bitstamp\.net/api/v2/order_book/(\w+)"), "bitstamp"),
    (re.compile(r"https://api\.gateio\.ws/api/v4/spot/order_book\?(?:.*&)?currency_pair=([^&]+)"), "gate-spot"),
    (re.compile(r"https://api\.gateio\.ws/api/v4/futures/usdt/order_book\?(?:.*&)?contract=([^&]+)"), "gate-linear"),
    (re.compile(r"https://api\.gateio\.ws/api/v4/futures/btc/order_book\?(?:.*&)?contract=([^&]+)"), "gate-inverse"),
)
#: The feeds whose whole books come by REST.
BOOKS_BY_REST = frozenset(feed for _, feed in _BOOKS)
#: What a message at an address that two feeds share says where it is of the feed that `feed_of` does not give.
_SHARED = {
    ("bitget.com", "/v2/ws/public"): (re.compile(rb'.{0,60}"instType":"SPOT"', re.DOTALL), "bitget-spot-v2"),
    ("hbdm.com", "/ws_index"): (re.compile(rb'.{0,60}"market\.[^."]*-USD[-."]', re.DOTALL), "htx-inverse"),
}
#: How messages of Lighter and Hyperliquid begin. Their recordings name no address, and Binance's begin otherwise.
_CHANNELS = ((re.compile(rb'\{"channel":"[a-z_]+:\d+"'), "lighter"), (re.compile(rb'\{"channel":"'), "hyperliquid"))


@lru_cache(maxsize=64)
def feed_of(address: str) -> str:
    """The feed behind a websocket's address; "" for one of Binance, whose messages tell their market themselves.

    InputError for a path that none of these venues' feeds has.
    """
    parts = urlsplit(address)
    host, path = parts.hostname or "", parts.path.rstrip("/")
    paths = {known: feed for name, known, feed in FEEDS if host == name or host.endswith(f".{name}")}
    if paths and path not in paths:
        raise InputError(f"path of {host} must be one of {', '.join(paths)}, was {path}")
    return paths.get(path, "")


def feed_of_message(address: str, payload: bytes) -> str:
    """`feed_of` the address; where a recording names none or two share one, the feed that the payload's begin tells."""
    known = (feed for begins, feed in _CHANNELS if not address and begins.match(payload))
    if feed := next(known, None):
        return feed
    shared = _shared(address)
    return shared[1] if shared is not None and shared[0].match(payload) else feed_of(address)


@lru_cache(maxsize=64)
def _shared(address: str) -> tuple[re.Pattern[bytes], str] | None:
    """What tells the feeds of an address apart; None where it has one."""
    parts = urlsplit(address)
    place = (".".join((parts.hostname or "").split(".")[-2:]), parts.path.rstrip("/"))
    return _SHARED.get(place)


def book_request(request: str) -> tuple[str, str] | None:
    """Feed and symbol of the whole book that a REST request asks for; None where it asks another venue or for else."""
    for pattern, feed in _BOOKS:
        if found := pattern.match(request):
            return feed, found[1]
    return None
