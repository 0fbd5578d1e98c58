"""The venue in a box: a server on loopback that speaks Binance's spot and USD-M protocols (catalogue: S1).

The way of one request: `http_door` or `ws_api` → `auth` → `limits` → `table` (one handler for REST and WebSocket API) →
`filters` → `desk` (the compiled Exchange) → `shapes_*` → `users` and `hub` (streams).
"""
