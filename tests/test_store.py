"""Stores (M7, M10): ClickHouse and PostgreSQL keep what the lake keeps, each message once, and answer as it does."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import ipc

from feeds.lake import Lake
from feeds.lake_import import import_recording
from feeds.lake_schema import CHANNELS, RECORDED, SCHEMAS
from feeds.store.address import address, hidden
from feeds.store.clickhouse import ClickHouse
from feeds.store.clickhouse_engine import Embedded, Server, stream
from feeds.store.open import open_store
from feeds.store.ports import Store, StoreError
from feeds.store.postgres import Postgres
from feeds.store.tables import layout, pieces
from native._core import InputError
from pycore.clock import Clock
from tests.store_servers import postgres
from tests.test_lake import BEGIN_NS, SNAPSHOT, lines

ROOT = Path(__file__).resolve().parents[1]
ALL = (0, 2**63 - 1, 2**63 - 1)
OF = ("binance-spot", "BTCUSDT")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    pytest.importorskip("chdb", reason="the Python package chdb is not installed")
    engine = Embedded(str(tmp_path_factory.mktemp("chdb")))
    yield engine
    engine.close()


@pytest.fixture
def fresh_postgres(server: str) -> Iterator[Store]:
    store = open_store(server, {})
    yield store
    store.close()
    forget(server)


def forget(server: str) -> None:
    """Removes everything from a server, where there is anything."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS market CASCADE")


@pytest.fixture
def fresh_clickhouse(embedded: Embedded) -> Store:
    for name in [*(layout(channel).table for channel in CHANNELS), "kept"]:
        embedded.do(f"DROP TABLE IF EXISTS {name} SYNC")
    return ClickHouse(embedded)


@pytest.fixture(params=["postgres", "clickhouse"])
def store(request: pytest.FixtureRequest) -> Store:
    """Each kind of store, empty."""
    found: Store = request.getfixturevalue(f"fresh_{request.param}")
    return found


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake of one made recording, ten seconds over a midnight."""
    (tmp_path / "made.txt").write_text(SNAPSHOT + lines(0, 1_000))
    lake = Lake(tmp_path / "lake")
    import_recording(lake, tmp_path / "made.txt", Clock(), lambda done: None)
    return lake


def test_one_data_set_is_the_same_table_in_every_store(store: Store, lake: Lake) -> None:
    for channel in RECORDED:
        rows = lake.scan(channel, *OF, ALL)
        assert store.write(channel, rows, "made-0") == len(rows)
        assert store.scan(channel, *OF, ALL).equals(rows)
        assert store.days(channel, *OF) == lake.days(channel, *OF) == ["2024-08-08", "2024-08-09"]
        some = (BEGIN_NS + 2 * 10**9, BEGIN_NS + 7 * 10**9, BEGIN_NS + 6 * 10**9)
        assert store.scan(channel, *OF, some).equals(lake.scan(channel, *OF, some))
        assert len(store.scan(channel, *OF, some)) == 401
        assert len(store.scan(channel, "okx", "nothing", ALL)) == 0
        assert store.scan(channel, *OF, ALL, day="2024-08-09").equals(lake.scan(channel, *OF, ALL, day="2024-08-09"))
    here = [{**row, "files": None, "bytes": None} for row in store.partitions()]
    assert here == [{**row, "files": None, "bytes": None} for row in lake.partitions()]


@pytest.mark.parametrize("name", ["OKX", "KUCOIN"])
def test_real_recordings_are_the_same_tables_in_every_store(
    tmp_path: Path, shared_data: Path, store: Store, name: str
) -> None:
    lake = Lake(tmp_path / "lake")
    import_recording(lake, shared_data / "ws" / "cryptofeed" / f"{name}.jsonl.zst", Clock(), lambda done: None)
    compared = 0
    for of in sorted({(row["channel"], row["venue"], row["symbol"]) for row in lake.partitions()}):
        rows = lake.scan(*of, ALL)
        assert store.write(of[0], rows, f"{name}-0") == len(rows)
        assert store.write(of[0], rows, f"{name}-0") == 0
        assert store.scan(*of, ALL).equals(rows)
        compared += len(rows)
    assert compared > 1_000


def test_extremes_go_through_unchanged(store: Store) -> None:
    row = {
        "venue": 'it\'s \\ a "venue",\n',
        "symbol": "ß-漢",
        "day": "2024-02-29",
        "record": 2**63 - 1,
        "ts_receive": 1_709_164_800_000_000_001,
        "ts_venue": None,
        "id": 2**64 - 1,
        "price": -(2**63),
        "qty": 2**63 - 1,
        "flags": 2**32 - 1,
        "price_scale": 127,
        "qty_scale": -128,
    }
    rows = pa.Table.from_pylist([row, {**row, "id": 0, "ts_receive": row["ts_receive"]}], SCHEMAS["trades"])
    assert store.write("trades", rows, "made-0") == 2
    found = store.scan("trades", row["venue"], row["symbol"], ALL)  # type: ignore[arg-type]  # they are texts
    assert sorted(found.to_pylist(), key=lambda one: one["id"], reverse=True) == rows.to_pylist()


def _value(field: pa.Field, at: int) -> Any:
    """The value of a column in row `at`: different ones, near the ends of their types."""
    texts = {"venue": "okx", "symbol": "A", "bar": "1h", "day": "2025-01-31", "month": "2025-01"}
    if field.name in texts:
        return texts[field.name]
    if field.name in ("record", "id", "ts_receive", "ts_venue"):
        return (1_738_281_600_000_000_000 if field.name.startswith("ts") else 0) + at
    if pa.types.is_boolean(field.type):
        return at % 2 == 0
    if pa.types.is_string(field.type):
        return None if field.nullable and at == 2 else f"-{10**77 + at}"  # a 256-bit number as text
    if pa.types.is_decimal(field.type):
        return Decimal(10**37 + at)
    return {8: 127, 32: 2**31, 64: 2**63 - 1}[field.type.bit_width] - at


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_table_of_the_dictionary_goes_through_unchanged(store: Store, channel: str) -> None:
    schema = SCHEMAS[channel]
    rows = pa.Table.from_pylist([{field.name: _value(field, at) for field in schema} for at in range(1, 5)], schema)
    assert (store.write(channel, rows, "made-0"), store.write(channel, rows, "made-0")) == (4, 0)
    assert store.scan(channel, "okx", "A", ALL).equals(rows)
    (part,) = store.partitions()
    assert part["rows"] == 4
    within = {name: part[name] for name in layout(channel).partition if name not in ("venue", "symbol")}
    assert store.scan(channel, "okx", "A", ALL, **within).equals(rows)
    assert store.days(channel, "okx", "A") == [part[layout(channel).day]]


def test_k_lines_of_postgres_have_the_names_of_the_requirements(server: str, fresh_postgres: Store) -> None:
    told = {"venue": "okx", "symbol": "A", "bar": "1h", "month": "2025-09", "record": 0, "ts_receive": 1, "id": 1}
    told |= {"open": 12_345, "high": 12_346, "low": 1, "close": 2, "volume": 15, "price_scale": 2, "qty_scale": 1}
    told |= {"ts_venue": 1_757_000_000_000_000_000, "end_ns": 1_757_003_600_000_000_000}
    fresh_postgres.write("klines", pa.Table.from_pylist([told], SCHEMAS["klines"]), "job-0")
    query = "SELECT symbol, interval, timestamp, open_price, volume FROM market.market_data"
    with psycopg.connect(server) as connection:
        assert connection.execute(query).fetchall() == [
            ("A", "1h", datetime(2025, 9, 4, 15, 33, 20, tzinfo=UTC), Decimal("123.45"), Decimal("1.5"))
        ]
        tables = {str(name) for (name,) in connection.execute("SELECT to_regclass('market.market_data_2025_09')")}
        index = connection.execute("SELECT to_regclass('market.idx_market_data_symbol_interval')").fetchone()
    assert (tables, index) == ({"market.market_data_2025_09"}, ("market.idx_market_data_symbol_interval",))


def test_another_recording_of_the_same_messages_adds_nothing(store: Store, lake: Lake) -> None:
    rows = lake.scan("levels", *OF, ALL)
    store.write("levels", rows, "made-0")
    later = rows.set_column(
        rows.column_names.index("record"), SCHEMAS["levels"].field("record"), pc.add(rows["record"], 7)
    )
    assert store.write("levels", later, "other-7") == 0
    snapshot = rows.filter(pc.field("snapshot"))
    deeper = pa.concat_tables([snapshot, snapshot])  # the same snapshot asked for with more levels
    assert store.write("levels", deeper, "deeper-0") == 0
    assert store.scan("levels", *OF, ALL).equals(rows)


def test_what_a_venue_does_not_number_is_kept_once_from_each_recording(store: Store, lake: Lake) -> None:
    rows = lake.scan("trades", *OF, ALL).slice(0, 3)
    zero = pa.array([0] * 3, pa.uint64())
    rows = rows.set_column(rows.column_names.index("id"), SCHEMAS["trades"].field("id"), zero)
    assert [store.write("trades", rows, name) for name in ("a-0", "a-0", "b-0", "a-0")] == [3, 0, 3, 0]
    assert len(store.scan("trades", *OF, ALL)) == 6


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 25)), min_size=1, max_size=5))
def test_overlapping_batches_in_any_order_are_each_message_once(
    store: Store, lake: Lake, cuts: list[tuple[int, int]]
) -> None:
    rows = lake.scan("trades", *OF, ALL).slice(0, 85)
    parts = store.partitions()
    store.drop("trades", [({name: row[name] for name in layout("trades").partition}, row["rows"]) for row in parts])
    written = sum(store.write("trades", rows.slice(begin, size), f"made-{begin}") for begin, size in cuts)
    wanted = sorted({at for begin, size in cuts for at in range(begin, begin + size)})
    assert written == len(wanted)
    assert store.scan("trades", *OF, ALL).equals(rows.take(wanted).combine_chunks())


def test_texts_are_kept_by_name(store: Store) -> None:
    assert store.kept("imports/x") is None
    store.keep("imports/x", "one")
    store.keep("imports/x", "it's {\"two\": '\\\\'}")
    assert store.kept("imports/x") == "it's {\"two\": '\\\\'}"


def test_a_dropped_day_is_gone_and_one_that_grew_stays(store: Store, lake: Lake) -> None:
    for channel in ("trades", "tops"):
        store.write(channel, lake.scan(channel, *OF, ALL), "made-0")
    day = {"venue": OF[0], "symbol": OF[1], "day": "2024-08-08"}
    assert store.drop("trades", [(day, 499)]) == 0
    assert store.drop("trades", [(day, 500)]) == 500
    assert store.days("trades", *OF) == ["2024-08-09"]
    assert store.drop("tops", [(day, 500), ({**day, "day": "2024-08-09"}, 500)]) == 1_000
    assert [row["channel"] for row in store.partitions()] == ["trades"]
    assert store.write("tops", lake.scan("tops", *OF, ALL), "made-0") == 1_000
    assert len(store.scan("tops", *OF, ALL)) == 1_000


def test_partitions_of_postgres_are_months_with_the_names_of_the_requirements(
    server: str, fresh_postgres: Store, lake: Lake
) -> None:
    rows = lake.scan("trades", *OF, ALL)
    fresh_postgres.write("trades", rows, "made-0")
    day = rows.column_names.index("day")
    december = rows.set_column(day, SCHEMAS["trades"].field("day"), pa.repeat("2024-12-31", len(rows)))
    fresh_postgres.write("trades", december, "made-0")
    query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'market.trades'::regclass ORDER BY 1"
    with psycopg.connect(server) as connection:
        names = [name for (name,) in connection.execute(query)]
    assert names == ["market.trades_2024_08", "market.trades_2024_12"]


def test_tables_are_hypertables_where_the_database_has_timescaledb(lake: Lake) -> None:
    with postgres(timescale=True) as url:
        store = Postgres(address(url))
        assert store.hypertables == {layout(channel).table for channel in CHANNELS}
        rows = lake.scan("trades", *OF, ALL)
        day, field = rows.column_names.index("day"), SCHEMAS["trades"].field("day")
        december = rows.set_column(day, field, pa.repeat("2024-12-31", len(rows)))
        assert [store.write("trades", told, "made-0") for told in (rows, rows, december)] == [1_000, 0, 1_000]
        assert store.scan("trades", *OF, ALL, day="2024-08-09").equals(lake.scan("trades", *OF, ALL, day="2024-08-09"))
        part = {"venue": OF[0], "symbol": OF[1], "day": ""}
        days = [({**part, "day": day}, 500) for day in ("2024-08-08", "2024-08-09")]
        assert store.drop("trades", days) == 1_000
        with psycopg.connect(url) as connection:
            chunks = connection.execute("SELECT count(*) FROM show_chunks('market.trades')").fetchone()
        assert chunks == (1,)
        store.close()


def test_a_piece_is_cut_between_records_only() -> None:
    rows = pa.table({"record": pa.array([0, 0, 0, 1, 2, 2, 3, 3, 3, 3, 3, 4], pa.int64())})
    assert [piece["record"].to_pylist() for piece in pieces(rows, 4)] == [[0, 0, 0, 1], [2, 2], [3] * 5, [4]]
    assert [len(piece) for piece in pieces(rows, 100)] == [12]
    assert list(pieces(rows.slice(0, 0), 4)) == []


def test_passwords_are_not_shown(server: str) -> None:
    assert (
        hidden("x postgresql://me:se:cr@et@host/db?password=other&a=1")
        == "x postgresql://me:***@host/db?password=***&a=1"
    )
    assert "not-shown" not in repr(address(server))
    for url in ("postgresql://me:secret-word@127.0.0.1:1/db", "clickhouse://me:secret-word@127.0.0.1:1/db"):
        with pytest.raises(StoreError, match=r"me:\*\*\*@127\.0\.0\.1:1") as raised:
            open_store(url, {})
        assert "secret-word" not in str(raised.value)
    with pytest.raises(InputError, match=r"store must be an address .*me:\*\*\*@host:x"):
        open_store("clickhouse://me:secret-word@host:x/db", {})


class _Http(http.server.BaseHTTPRequestHandler):
    """ClickHouse's HTTP interface, as far as we use it, over the embedded engine."""

    engine: Embedded
    folder: Path

    def do_POST(self) -> None:  # the base class calls it so
        body = self.rfile.read(int(self.headers["Content-Length"]))
        options = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        try:
            answer, code = self._run(options.get("query", ""), body), 200
        except StoreError as why:
            answer, code = str(why).encode(), 500
        self.send_response(code)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _run(self, query: str, body: bytes) -> bytes:
        assert self.headers["Authorization"] == "Basic bWU6c2VjcmV0"  # me:secret
        if query:
            table = ipc.open_stream(body).read_all()
            assert query.startswith("INSERT INTO ")
            assert query.endswith(f"({', '.join(table.schema.names)}) FORMAT ArrowStream")
            self.engine.put(query.split()[2], table)
            return b""
        sql = body.decode()
        if not sql.endswith(" FORMAT ArrowStream"):
            self.engine.do(sql)
            return b""
        return stream(self.engine.ask(sql.removesuffix(" FORMAT ArrowStream")))

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def test_a_server_is_asked_the_same_over_http(embedded: Embedded, fresh_clickhouse: Store, lake: Lake) -> None:
    _Http.engine = embedded
    with http.server.HTTPServer(("127.0.0.1", 0), _Http) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        url = f"clickhouse://me@127.0.0.1:{served.server_port}/default"
        store = open_store(url, {"CLICKHOUSE_PASSWORD": "secret"})
        for channel in RECORDED:
            rows = lake.scan(channel, *OF, ALL)
            assert (store.write(channel, rows, "made-0"), store.write(channel, rows, "made-0")) == (len(rows), 0)
            assert store.scan(channel, *OF, ALL).equals(rows)
        assert isinstance(store, ClickHouse)
        with pytest.raises(StoreError, match=r"me@127\.0\.0\.1:\d+/default: .*nonsense"):
            Server(address(url, {"CLICKHOUSE_PASSWORD": "secret"})).do("SELECT nonsense")
        store.close()
        served.shutdown()
