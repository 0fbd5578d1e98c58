"""The store behind an address, so that nobody else needs to know which kinds there are.

catalogue: M7, K11. What a kind needs is loaded only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

from feeds.lake import Lake
from feeds.store.address import CLICKHOUSE, POSTGRES, address
from feeds.store.ports import Store


def open_store(url: str, environ: Mapping[str, str]) -> Store:
    """Opens a store (`address` says what an address may be). InputError for a bad one, StoreError without an answer."""
    scheme = url.partition(":")[0]
    if scheme == "chdb":
        from feeds.store.clickhouse import ClickHouse  # noqa: PLC0415  # see the module
        from feeds.store.clickhouse_engine import Embedded  # noqa: PLC0415  # see the module

        return ClickHouse(Embedded(url.partition(":")[2]))
    if scheme in CLICKHOUSE:
        from feeds.store.clickhouse import ClickHouse  # noqa: PLC0415  # see the module
        from feeds.store.clickhouse_engine import Server  # noqa: PLC0415  # see the module

        return ClickHouse(Server(address(url, environ)))
    if scheme in POSTGRES:
        from feeds.store.postgres import Postgres  # noqa: PLC0415  # see the module

        return Postgres(address(url, environ))
    return Lake(url)
