"""`tickwright book` over real recordings: tops as the manifest counts them, and made faults (M4, M12)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from feeds.public import book_request
from pycore.cli import main
from tests.recorded_counts import PAIRS, RECORDED, Counted


def book(capsys: pytest.CaptureFixture[str], *paths: Path) -> tuple[int, list[dict[str, object]], dict[str, object]]:
    """Exit code, rows and summary of one run."""
    capsys.readouterr()
    code = main(["book", "--json", *map(str, paths)])
    *rows, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert summary.pop("summary") is True
    return code, rows, summary


@pytest.mark.parametrize("names", PAIRS, ids=lambda names: names[0])
def test_every_top_equals_the_venues_own(
    shared_data: Path, capsys: pytest.CaptureFixture[str], names: tuple[str, str]
) -> None:
    folder = shared_data / "ws" / "binance"
    code, rows, summary = book(capsys, *(folder / f"{name}.gz" for name in names))
    assert code == 0
    assert (summary["tops_compared"], summary["tops_equal"]) == PAIRS[names]
    assert (summary["gaps"], summary["crossed"]) == (0, 0)
    assert [Path(str(row["file"])).stem for row in rows] == list(names)


def test_the_order_of_files_and_other_markets_beside_them_change_nothing(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shared_data / "ws" / "binance"
    names = ["usdm_btcusdt_20240719", "spot_btcusdt_20240809", "usdm_btcusdt_20240718", "spot_btcusdt_20240808"]
    names += ["spot_ethusdt_20240808", "spot_ethusdt_20240809"]
    code, rows, summary = book(capsys, *(folder / f"{name}.gz" for name in names))
    assert (code, summary["tops_compared"], summary["gaps"]) == (0, 6_493 + 9_017 + 6_468, 0)
    assert [row["venue"] for row in rows] == ["binance-usdm", "binance-spot", "binance-usdm", *["binance-spot"] * 3]
    assert [row["messages"] for row in rows] == [60_570, 58_325, 11_414, 41_249, 33_618, 46_126]


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("BINANCE", (4, 177, 159, 159)),
        ("BINANCE_FUTURES", (4, 764, 744, 744)),
        ("BINANCE_DELIVERY", (10, 2_047, 1_788, 1_785)),
    ],
)
def test_cryptofeed_bundles_join_without_a_gap(
    shared_data: Path, capsys: pytest.CaptureFixture[str], name: str, counts: tuple[int, int, int, int]
) -> None:
    code, rows, summary = book(capsys, shared_data / "ws" / "cryptofeed" / f"{name}.jsonl.zst")
    assert (code, summary["gaps"], summary["crossed"]) == (0, 0, 0)
    assert (len(rows), summary["deltas"], summary["tops_compared"], summary["tops_equal"]) == counts


@pytest.mark.parametrize("counted", RECORDED, ids=lambda counted: counted.path)
def test_books_of_other_venues_have_the_manifests_counts(
    shared_data: Path, capsys: pytest.CaptureFixture[str], counted: Counted
) -> None:
    code, found, summary = book(capsys, shared_data / counted.path)
    assert (code, {row["venue"] for row in found}, len(found)) == (0, set(counted.feeds), counted.books)
    for name in ("deltas", "checksums", "tops_compared", "discarded"):
        assert summary[name] == getattr(counted, name), name
    assert (summary["checksums_equal"], summary["tops_equal"]) == (counted.checksums, counted.tops_compared)
    assert (summary["gaps"], summary["crossed"]) == (0, 0)
    assert counted.messages in (None, summary["messages"])


@pytest.mark.parametrize(
    ("request_url", "want"),
    [
        ("https://api.kucoin.com/api/v3/market/orderbook/level2?symbol=SNX-BTC", ("kucoin-spot", "SNX-BTC")),
        ("https://api.kucoin.com/api/v3/market/orderbook/level2_20?symbol=SNX-BTC", None),
        ("https://api.kucoin.com/api/v1/symbols", None),
        ("https://www.bitstamp.net/api/v2/order_book/adaeur", ("bitstamp", "adaeur")),
        ("https://api.gateio.ws/api/v4/spot/order_book?currency_pair=A_B&with_id=true", ("gate-spot", "A_B")),
        ("https://api.binance.com/api/v3/depth?symbol=NKNUSDT", None),
    ],
)
def test_a_request_for_a_whole_book_names_feed_and_symbol(request_url: str, want: tuple[str, str] | None) -> None:
    assert book_request(request_url) == want


GATE_LINES = [
    {"t": "header", "format": 2, "exchange": "GATEIO"},
    {"t": "connect", "conn": "ws", "ts": 1.0, "addr": "wss://api.gateio.ws/ws/v4/"},
    {
        "t": "http",
        "ts": 2.0,
        "url": "https://api.gateio.ws/api/v4/spot/order_book?currency_pair=A_B&limit=100&with_id=true",
        "data": '{"id":10,"current":1,"update":1,"asks":[["2.5","1"]],"bids":[["2.4","1"]]}',
    },
]


def gate(first: int, last: int) -> dict[str, object]:
    """A change of Gate's book of A_B."""
    data = f'{{"t":1,"s":"A_B","U":{first},"u":{last},"b":[["2.4","{last}"]],"a":[]}}'
    text = f'{{"channel":"spot.order_book_update","event":"update","result":{data}}}'
    return {"t": "recv", "conn": "ws", "ts": 3.0, "data": text}


@pytest.mark.parametrize(("missing", "counts"), [(None, (0, 0, 1)), (12, (1, 1, 2))])
def test_a_made_bundle_of_gate_joins_and_a_lost_change_is_a_gap(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, missing: int | None, counts: tuple[int, int, int]
) -> None:
    deltas = [gate(first, first + 1) for first in (8, 10, 12, 14) if first != missing]
    path = tmp_path / "gate.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in [*GATE_LINES, *deltas]))
    code, [row], _ = book(capsys, path)
    assert (row["venue"], row["instrument"]) == ("gate-spot", "A_B")
    assert (code, row["gaps"], row["discarded"]) == counts


def test_the_text_form_of_a_bundle_is_the_bundle(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    deltas = [gate(first, first + 1) for first in (8, 10, 12, 14)]
    bundle, text = tmp_path / "gate.jsonl", tmp_path / "gate.txt"
    bundle.write_text("".join(json.dumps(line) + "\n" for line in [*GATE_LINES, *deltas]))
    _, connect, http = GATE_LINES
    lines = ['configuration: {"l2_book": ["A_B"]}', f"{connect['addr']} <-> 1650000001.5"]
    lines += [f"{connect['addr']} <- 1650000001.6: {{}}", f"{http['url']} -> 1650000002.5: {http['data']}"]
    lines += [f"{1650000003 + at}.25: {delta['data']}" for at, delta in enumerate(deltas)]
    text.write_text("\n".join(lines) + "\n")
    (code, [row], _), (_, [want], _) = book(capsys, text), book(capsys, bundle)
    assert code == 0
    own = ("file", "seconds")
    assert {k: v for k, v in row.items() if k not in own} == {k: v for k, v in want.items() if k not in own}
    text.write_text("\n".join([*lines, "neither"]) + "\n")
    assert main(["book", str(text)]) == 2
    assert "line 9 must be of cryptofeed's text form" in capsys.readouterr().err


def test_the_fields_are_those_of_the_contract(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _, [row], _ = book(capsys, made(tmp_path))
    want = "file venue instrument messages deltas tops_compared tops_equal checksums checksums_equal gaps unknown_ids"
    assert set(row) == {*want.split(), "crossed", "discarded", "seconds", "counts"}


# --- Made recordings: three deltas and their tickers after a snapshot, with one line changed.

SNAPSHOT = '{"lastUpdateId":10,"E":1,"T":1,"bids":[["99.50","1"]],"asks":[["101.00","2"]]}'


def delta(first: int, last: int, previous: int, bid: str) -> str:
    return (
        f'{{"stream":"xusdt@depth@0ms","data":{{"e":"depthUpdate","E":1,"T":1,"s":"XUSDT","U":{first},"u":{last},'
        f'"pu":{previous},"b":[["{bid}","1"]],"a":[]}}}}'
    )


def ticker(update: int, bid: str) -> str:
    return (
        f'{{"stream":"xusdt@bookTicker","data":{{"e":"bookTicker","u":{update},"s":"XUSDT","b":"{bid}","B":"1",'
        f'"a":"101.00","A":"2","T":1,"E":1}}}}'
    )


LINES = [delta(5, 9, 4, "99.00"), delta(10, 12, 9, "99.60"), SNAPSHOT, ticker(12, "99.60")]
LINES += [delta(13, 14, 12, "99.70"), ticker(14, "99.70"), ticker(15, "99.80"), delta(15, 15, 14, "99.80")]


def made(folder: Path, lines: list[str] = LINES, start_ns: int = 1_700_000_000_000_000_000) -> Path:
    path = folder / f"made_{start_ns}.gz"
    text = "".join(f"{start_ns + at} {line}\n" for at, line in enumerate(lines))
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_a_made_recording_holds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, [row], summary = book(capsys, made(tmp_path))
    assert (code, row["tops_compared"], row["tops_equal"], row["discarded"]) == (0, 3, 3, 1)
    assert (row["messages"], row["deltas"], row["venue"], summary["holds"]) == (8, 4, "binance-usdm", True)


def test_a_lost_message_is_a_gap_and_exit_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, [row], _ = book(capsys, made(tmp_path, [line for line in LINES if '"U":13' not in line]))
    assert (code, row["gaps"], row["discarded"]) == (1, 1, 2)


def test_a_top_that_differs_is_exit_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, [row], _ = book(capsys, made(tmp_path, [line.replace('"b":"99.70"', '"b":"99.60"') for line in LINES]))
    assert (code, row["tops_compared"], row["tops_equal"]) == (1, 3, 2)


def test_a_crossed_book_is_exit_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, [row], _ = book(capsys, made(tmp_path, [*LINES, delta(16, 16, 15, "101.50")]))
    assert (code, row["crossed"]) == (1, 1)


def test_a_later_recording_of_its_own_is_no_gap(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines = [SNAPSHOT.replace(":10,", ":900,"), delta(895, 901, 894, "99.50"), ticker(901, "99.50")]
    code, rows, _ = book(
        capsys, made(tmp_path), made(tmp_path, [delta(800, 801, 799, "99.50"), *lines], 1_700_000_001 * 10**9)
    )
    assert (code, rows[1]["gaps"], rows[1]["tops_equal"]) == (0, 0, 1)


def test_huge_sizes_and_tiny_prices_are_exact(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    grow = [
        ("99.", "0.000099"),
        ("101.00", "0.00010100"),
        ('"1"]', '"12345678901234.00"]'),
        ('"B":"1"', '"B":"12345678901234"'),
    ]
    text = "\n".join(LINES)
    for old, new in grow:
        text = text.replace(old, new)
    code, [row], _ = book(capsys, made(tmp_path, text.split("\n")))
    assert (code, row["tops_equal"]) == (0, 3)


def test_bad_recordings_name_file_record_and_value(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = made(tmp_path, [*LINES[:4], LINES[4].replace('"99.70"', '"-1"')])
    assert main(["book", str(path)]) == 2
    assert f"{path} record 4: price must not be negative, was -1" in capsys.readouterr().err
    assert main(["book", str(tmp_path / "absent.gz")]) == 2
    assert "absent.gz" in capsys.readouterr().err


def test_a_torn_recording_is_named_and_its_rest_is_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "torn.txt"
    path.write_bytes(gzip.decompress(made(tmp_path).read_bytes())[:-30])
    assert main(["book", str(path)]) == 0
    said = capsys.readouterr()
    assert "torn.txt: the last line, number 8, is torn after" in said.err
    assert "binance-usdm" in said.out
