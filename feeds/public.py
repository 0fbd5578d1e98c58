"""Which of the core's public feeds a recorded message belongs to, by the address that its connection was made to.

catalogue: M1. Addresses from the venues' documents, which change:
<https://www.okx.com/docs-v5/en/#overview-production-trading-services>,
<https://bybit-exchange.github.io/docs/v5/ws/connect> (the same topics on each category's path),
<https://docs.kraken.com/api/docs/guides/spot-ws-intro> (v1 at the root; `/v2` is another protocol) and
<https://docs.kraken.com/api/docs/guides/futures-websockets>,
<https://bitgetlimited.github.io/apidoc/en/spot/#websocket-api> (v1, before `/v2/ws/public`),
<https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-overview>,
<https://docs.deribit.com/#json-rpc-over-websocket>.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from native._core import InputError

#: Host, path and feed. A feed's name is the core's, and what `tickwright book` prints as the venue.
_FEEDS = (
    ("okx.com", "/ws/v5/public", "okx"),
    ("bybit.com", "/v5/public/spot", "bybit-spot"),
    ("bybit.com", "/v5/public/linear", "bybit-linear"),
    ("bybit.com", "/v5/public/inverse", "bybit-inverse"),
    ("kraken.com", "", "kraken-spot"),
    ("bitget.com", "/spot/v1/stream", "bitget-spot"),
    ("bitget.com", "/mix/v1/stream", "bitget-mix"),
    ("kraken.com", "/ws/v1", "kraken-futures"),
    ("coinbase.com", "", "coinbase"),
    ("deribit.com", "/ws/api/v2", "deribit"),
)


@lru_cache(maxsize=64)
def feed_of(address: str) -> str:
    """The feed behind a websocket's address; "" for one of Binance, whose messages tell their market themselves.

    InputError for a path that none of these venues' feeds has.
    """
    parts = urlsplit(address)
    host, path = parts.hostname or "", parts.path.rstrip("/")
    paths = {known: feed for name, known, feed in _FEEDS if host == name or host.endswith(f".{name}")}
    if paths and path not in paths:
        raise InputError(f"path of {host} must be one of {', '.join(paths)}, was {path}")
    return paths.get(path, "")
