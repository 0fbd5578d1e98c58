"""The lake in an object store (M7): the same files over S3, kept by a server that we did not write (moto, loopback)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from feeds.lake import Lake
from feeds.lake_book import book_at
from feeds.lake_query import Queries
from tests.test_lake import BEGIN_NS, SNAPSHOT, into, lines

OF = ("binance-spot", "BTCUSDT")


@pytest.fixture
def place() -> Iterator[str]:
    """The address of a lake in an empty store."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    options = f"endpoint_override={host}%3A{port}&scheme=http&region=us-east-1&allow_bucket_creation=true"
    yield f"s3://key:secret@bucket/lake?{options}"
    server.stop()


def test_an_object_store_holds_the_same_lake_as_a_folder(place: str, tmp_path: Path) -> None:
    path = tmp_path / "made.txt"
    path.write_text(SNAPSHOT + lines(0, 600))
    stores = Lake(place), Lake(tmp_path / "lake")
    for lake in stores:
        done = into(lake, path, 500)
        assert (done.complete, done.rows, done.repeated) == (True, 1_802, 0)
        assert into(lake, path, 500).rows == 1_802
    remote, local = (Queries(lake) for lake in stores)
    for channel in ("trades", "levels", "tops"):
        assert remote.rows(channel, *OF).equals(local.rows(channel, *OF))
    at = BEGIN_NS + 3_000_000_000
    assert book_at(remote, *OF, at).table.equals(book_at(local, *OF, at).table)
    assert remote.sql("select count(*) as n from trades")["n"].to_pylist() == [600]
    rows = [[{**row, "bytes": 0} for row in lake.partitions()] for lake in stores]
    assert rows[0] == rows[1]
    assert not [path for path in stores[0].names("trades") if not path.endswith(".parquet")]
