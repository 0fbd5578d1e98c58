"""`tickwright book` over recordings of single orders: the manifest's counts, and recordings made here (M2, M12)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import databento_dbn as dbn
import pytest
import zstandard

from pycore.cli import main
from tests.recorded_counts import ORDERS, OrdersCounted
from tests.test_book_recorded import book

Capsys = pytest.CaptureFixture[str]


@pytest.mark.parametrize("counted", ORDERS, ids=lambda counted: counted.path)
def test_the_manifests_counts(shared_data: Path, capsys: Capsys, counted: OrdersCounted) -> None:
    code, rows, summary = book(capsys, shared_data / counted.path)
    assert (code, {row["venue"] for row in rows}, len(rows)) == (0, {counted.venue}, counted.books)
    assert (summary["gaps"], summary["holds"]) == (0, True)
    for name in ("messages", "tops_compared", "tops_equal", "unknown_ids", "crossed", "discarded"):
        assert summary[name] == getattr(counted, name), name
    told: dict[str, int] = {}
    for row in rows:
        assert isinstance(row["counts"], dict)
        for word, count in row["counts"].items():
            told[word] = told.get(word, 0) + count
    assert {word: told.get(word, 0) for word in counted.told} == counted.told


def test_a_folder_stands_for_its_recordings_and_names_what_is_none(shared_data: Path, capsys: Capsys) -> None:
    code, rows, summary = book(capsys, shared_data / "l3")
    assert (code, summary["files"]) == (0, 4)
    assert [row["venue"] for row in rows] == ["bitfinex-orders", "bitstamp-orders", "databento", "lobster"]


# --- Bitstamp


HEADER = "id,timestamp,exchange_timestamp,price,volume,action,direction"
#: A book of two orders, then one that is changed, traded away at its price, and a market order.
ROWS = [
    "1,1000,990,100.00,2.0,created,bid",
    "2,1000,990,101.00,3.0,created,ask",
    "3,1010,1005,100.50,1.0,created,bid",
    "3,1020,1015,100.50,0.5,changed,bid",
    "4,1030,1025,0.0,0.5,created,ask",
    "4,1030,1025,100.50,0.0,changed,ask",
    "4,1031,1025,100.50,0.0,deleted,ask",
    "3,1032,1026,100.50,0.0,deleted,bid",
]
TRADES = [
    "trade_id,timestamp,exchange_timestamp,price,amount,buy_order_id,sell_order_id,side",
    "9,1033,1026,100.50,0.5,3,4,sell",
    "8,1033,2026,100.50,0.5,3,77,sell",
]


def orders_table(folder: Path, rows: list[str], trades: list[str] | None = None, name: str = "orders.csv") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    if trades:
        (folder / "trades.csv").write_text("\n".join(trades) + "\n")
    return path


def test_a_made_table_of_another_pair(capsys: Capsys, tmp_path: Path) -> None:
    code, [row], _ = book(capsys, orders_table(tmp_path / "etheur", ROWS, TRADES, "of-another-name.txt"))
    assert (code, row["instrument"], row["messages"], row["deltas"]) == (0, "etheur", 8, 3)
    want = {"created": 4, "changed": 2, "deleted": 2, "market_orders": 1, "snapshot_orders": 2, "trades": 2}
    assert row["counts"] == want | {"trades_of_known_orders": 1, "trades_at_their_order": 1}


def test_unknown_orders_are_faults_beyond_one_of_a_thousand(capsys: Capsys, tmp_path: Path) -> None:
    more = [f"{7 + at},2000,{1100 + at},99.00,1.0,created,bid" for at in range(2_000)]
    lost = ["5,3000,5000,100.00,1.0,deleted,bid"]
    code, [row], _ = book(capsys, orders_table(tmp_path / "x", [*ROWS, *more, *lost * 2]))
    assert (code, row["unknown_ids"]) == (0, 2)
    code, [row], _ = book(capsys, orders_table(tmp_path / "x", [*ROWS, *more, *lost * 3]))
    assert (code, row["unknown_ids"]) == (1, 3)
    cold = orders_table(tmp_path / "y", [*lost * 3, *ROWS[2:]])
    assert book(capsys, cold)[0] == 0, "without a whole book older orders are unknown by right"


def test_a_ghost_is_removed_and_a_taker_is_not(capsys: Capsys, tmp_path: Path) -> None:
    ghost = [*ROWS, "20,3000,1100,101.00,1.0,created,bid", "21,3000,2200,90.00,1.0,created,bid"]
    code, [row], _ = book(capsys, orders_table(tmp_path, ghost))
    counts = row["counts"]
    assert isinstance(counts, dict)
    assert (code, counts["ghosts"], counts["crossing_ms_max"]) == (0, 1, 1_100)


def test_a_second_order_of_a_live_id_is_a_fault(capsys: Capsys, tmp_path: Path) -> None:
    code, [row], _ = book(capsys, orders_table(tmp_path, [*ROWS, "1,1040,1040,99.00,1.0,created,bid"]))
    counts = row["counts"]
    assert isinstance(counts, dict)
    assert (code, counts["refused"]) == (1, 1)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,1000,990,1e3x,2.0,created,bid", "price must be a number"),
        ("1,1000,990,,2.0,created,bid", "price must be a number"),
        ("1,1000,990,123456789012.0,2.0,created,bid", "price must be below"),
        ("1,1000,990,1.0", "must be rows of numbers"),
    ],
)
def test_bad_rows_are_named(capsys: Capsys, tmp_path: Path, row: str, message: str) -> None:
    path = orders_table(tmp_path, [*ROWS, row])
    said = refused(capsys, path)
    assert message in said
    assert str(path) in said


def refused(capsys: Capsys, *paths: Path) -> str:
    """What is said where a run ends with exit code 2."""
    capsys.readouterr()
    assert main(["book", "--json", *map(str, paths)]) == 2
    return capsys.readouterr().err


OLD_LOG = """\
1421000000000 order_created {"price": "233.50", "amount": "1.00", "datetime": "1421000000", "id": 6, "order_type": 0}
1421000000100 order_created {"price": "233.60", "amount": "2.00", "datetime": "1421000000", "id": 7, "order_type": 1}
1421000000200 order_deleted {"price": "230.00", "amount": "2.00", "datetime": "1421000000", "id": 3, "order_type": 0}
1421000000300 order_changed {"price": "233.60", "amount": "1.50", "datetime": "1421000000", "id": 7, "order_type": 1}
1421000000300 trade {"price": 233.6, "amount": 0.5, "id": 99}
1421000000400 order_book {"bids": [["233.50", "1.00"]], "asks": [["233.60", "1.50"]]}
"""


def test_a_log_of_2015_begins_cold(capsys: Capsys, tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(OLD_LOG.encode()))
    code, [row], _ = book(capsys, path)
    assert (code, row["instrument"], row["messages"], row["unknown_ids"]) == (0, "btcusd", 5, 1)
    assert row["counts"] == {"created": 2, "deleted": 1, "changed": 1, "trade": 1, "one_sided": 1}


# --- Bitfinex


def bitfinex(items: list[str], number: int = 5) -> str:
    """An array of messages about a channel, subscribed first."""
    subscribed = {"event": "subscribed", "channel": "book", "chanId": number, "symbol": "tETHUSD", "prec": "R0"}
    return f"[{json.dumps(subscribed)},\n {', '.join(items)} ]"


BITFINEX = ["[5,[[1,10.5,2],[2,10.6,-1]],1]", "[5,[3,10.4,1],2]", '[5,"hb",3]', "[5,[1,0,1],4]", "[5,[3,10.4,0.5],5]"]


def test_a_made_array_of_another_pair(capsys: Capsys, tmp_path: Path) -> None:
    path = tmp_path / "any.json"
    path.write_text(bitfinex(BITFINEX))
    code, [row], _ = book(capsys, path)
    assert (code, row["instrument"], row["messages"], row["deltas"], row["gaps"]) == (0, "tETHUSD", 4, 3, 0)
    path.write_text(bitfinex([item for item in BITFINEX if not item.endswith(",2]")]))
    code, [row], _ = book(capsys, path)
    assert (code, row["gaps"]) == (1, 1)


def test_a_bundle_of_the_socket(capsys: Capsys, tmp_path: Path) -> None:
    items = json.loads(bitfinex(BITFINEX))
    lines: list[dict[str, Any]] = [{"t": "header", "format": 2, "exchange": "BITFINEX"}]
    lines += [{"t": "connect", "conn": "ws", "ts": 1.0, "addr": "wss://api.bitfinex.com/ws/2"}]
    lines += [{"t": "recv", "conn": "ws", "ts": 2.0, "data": json.dumps(item)} for item in items]
    path = tmp_path / "bundle.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, [row], _ = book(capsys, path)
    assert (code, row["venue"], row["instrument"], row["messages"]) == (0, "bitfinex-orders", "tETHUSD", 4)


def test_a_torn_array_is_named_and_its_rest_is_used(capsys: Capsys, tmp_path: Path) -> None:
    path = tmp_path / "torn.json"
    path.write_text(bitfinex(BITFINEX)[:-9])
    assert main(["book", str(path)]) == 0
    assert "torn.json: the array is torn in item 6" in capsys.readouterr().err


# --- Databento


@dataclass
class Interval:
    """For how long an instrument has a number."""

    start_date: date
    end_date: date
    symbol: str


@dataclass
class Named:
    """A symbol as asked for, and its numbers."""

    raw_symbol: str
    intervals: Sequence[Any]


def dbn_file(path: Path, messages: list[Any], symbols: dict[str, int]) -> Path:
    """A file of the schema mbo, encoded by Databento's package."""
    first, last = date(2024, 1, 2), date(2024, 1, 3)
    mappings = [Named(name, [Interval(first, last, str(number))]) for name, number in symbols.items()]
    by = dbn.SType("instrument_id")
    metadata = dbn.Metadata("GLBX.MDP3", 0, None, by, dbn.Schema("mbo"), mappings=mappings)
    path.write_bytes(zstandard.compress(metadata.encode() + b"".join(bytes(message) for message in messages)))
    return path


def mbo(action: str, order: int, price: int, size: int, **more: Any) -> Any:
    """One message; the price in ticks of 0.25, `side` a bid, `flags` an event's end, `instrument` the first one."""
    raw, instrument = price * 250_000_000, more.get("instrument", 7)
    side, flags = dbn.Side(more.get("side", "B")), more.get("flags", 128)
    return dbn.MBOMsg(1, instrument, 1_000, order, raw, size, dbn.Action(action), side, 1_000, flags)


DBN = [
    mbo("R", 0, 1, 0, side="N", flags=8),
    mbo("A", 1, 400, 5, flags=40),
    mbo("A", 2, 401, 5, side="A", flags=168),
    mbo("A", 1, 800, 5, instrument=8),
    mbo("M", 1, 402, 5),
    mbo("T", 0, 401, 2, flags=0),
    mbo("F", 2, 401, 2, side="A", flags=0),
    mbo("C", 2, 401, 2, side="A"),
    mbo("C", 1, 402, 5),
]


def test_a_file_that_databentos_package_wrote(capsys: Capsys, tmp_path: Path) -> None:
    path = dbn_file(tmp_path / "es", DBN, {"ESM4": 7, "NQM4": 8})
    code, rows, _ = book(capsys, path)
    assert code == 0
    assert [(row["instrument"], row["messages"], row["crossed"]) for row in rows] == [("ESM4", 8, 2), ("NQM4", 1, 0)]
    code, rows, _ = book(capsys, dbn_file(path, [*DBN, mbo("C", 77, 400, 1)], {"ESM4": 7, "NQM4": 8}))
    assert (code, rows[0]["unknown_ids"]) == (1, 1)


# --- LOBSTER


MESSAGES = ["34200.01,1,11,100,1000000,1", "34200.02,1,12,50,1000100,-1", "34200.03,4,11,40,1000000,1"]
MESSAGES += ["34200.04,5,0,10,1000050,-1", "34200.05,3,12,50,1000100,-1", "34200.06,1,13,7,999900,1"]
LEVELS = ["1000200,9,1000000,100", "1000100,50,1000000,100", "1000100,50,1000000,60", "1000100,50,1000000,60"]
LEVELS += ["1000200,9,1000000,60", "1000200,9,1000000,60"]


def lobster(folder: Path, messages: list[str], levels: list[str], bom: str = "") -> Path:
    """A pair of tables with one level a side."""
    path = folder / "MSFT_2012-06-21_34200000_57600000_message_1.csv"
    path.write_text(bom + "\n".join(messages) + "\n")
    path.with_name(path.name.replace("message", "orderbook")).write_text(bom + "\n".join(levels) + "\n")
    return path


@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_a_made_pair(capsys: Capsys, tmp_path: Path, bom: str) -> None:
    code, [row], _ = book(capsys, lobster(tmp_path, MESSAGES, LEVELS, bom))
    assert (code, row["instrument"], row["tops_compared"], row["tops_equal"]) == (0, "MSFT", 5, 5)
    assert (row["messages"], row["unknown_ids"]) == (6, 0)


@pytest.mark.parametrize("at", range(1, 5))
def test_a_row_that_does_not_follow_is_a_fault(capsys: Capsys, tmp_path: Path, at: int) -> None:
    levels = list(LEVELS)
    levels[at] = levels[at].replace("1000000,", "1000000,9")
    code, [row], _ = book(capsys, lobster(tmp_path, MESSAGES, levels))
    assert code == 1
    assert row["tops_equal"] == 3, "it differs from the row before, and the one behind from it"


def test_a_table_without_its_other_half_is_refused(capsys: Capsys, tmp_path: Path) -> None:
    path = lobster(tmp_path, MESSAGES, LEVELS[:-1])
    assert "must have a row for each message" in refused(capsys, path)
    other = path.with_name(path.name.replace("message", "orderbook"))
    assert "LOBSTER's messages beside it" in refused(capsys, other)
    other.unlink()
    assert "must have its order book beside it" in refused(capsys, path)
