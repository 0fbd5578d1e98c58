"""The recorder: byte for byte, torn ends, damage in the middle, the formats of others, and a live capture (M12)."""

from __future__ import annotations

import gzip
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import zlib
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from feeds.binance import snapshot_symbol
from feeds.recorder import MAGIC, Frames, Recorded, Recorder, What
from feeds.recordings import Recording
from feeds.venue import session_of
from feeds.venue.spec import Endpoints
from native._core import InputError

LINES = (
    b'1723161253937085768 {"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT"}}\n'
    b'1675209600123456 {"lastUpdateId":5,"bids":[],"asks":[]}\n'
)


def read(path: Path) -> tuple[list[Recorded], str | None]:
    recording = Recording(path)
    return [record for batch in recording.batches() for record in batch], recording.torn


def write(path: Path, count: int) -> list[Recorded]:
    """A capture of `count` messages with awkward payloads."""
    recorder = Recorder(path, {"venue": "binance-spot"})
    records = [
        Recorded(1_000 + at, at, What.MESSAGE if at % 3 else What.REST, "", bytes([at % 256, 10, 0]) * at)
        for at in range(count)
    ]
    for record in records:
        recorder.record(record.what, record.ts_ns, record.mono_ns or 0, record.payload, record.source)
        recorder.flush()
    recorder.close()
    return records


@pytest.mark.parametrize("name", ["a.cap", "a.cap.gz", "a.cap.zst"])
def test_what_is_recorded_is_read_byte_for_byte(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert (write(path, 50), None) == read(path)


@pytest.mark.parametrize("name", ["a.cap", "a.cap.gz", "a.cap.zst"])
def test_a_torn_end_is_named_and_loses_nothing_before_it(tmp_path: Path, name: str) -> None:
    """Cut anywhere, a capture gives a prefix of its records and says that it is torn."""
    path, cut_path = tmp_path / name, tmp_path / f"cut-{name}"
    records = write(path, 20)
    whole = path.read_bytes()
    complete = 0
    for cut in range(len(whole) // 3, len(whole) - 1, 7):
        cut_path.write_bytes(whole[:cut])
        found, torn = read(cut_path)
        assert found == records[: len(found)]
        assert torn is not None or name == "a.cap"
        complete = max(complete, len(found))
    assert complete >= 19


def test_a_plain_capture_names_the_torn_record(tmp_path: Path) -> None:
    path = tmp_path / "a.cap"
    write(path, 3)
    path.write_bytes(path.read_bytes()[:-1])
    found, torn = read(path)
    assert len(found) == 2
    assert torn is not None
    assert torn.startswith("the last record at offset ")


def test_a_flipped_bit_in_the_middle_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.cap"
    write(path, 9)
    good = path.read_bytes()
    head = good.index(b"\n", len(MAGIC)) + 1
    path.write_bytes(good[: head + 60] + bytes([good[head + 60] ^ 4]) + good[head + 61 :])
    with pytest.raises(InputError, match=r"a\.cap: record at offset \d+ must"):
        read(path)


@given(st.lists(st.binary(max_size=40), max_size=12), st.integers(1, 50))
def test_frames_come_apart_however_they_are_cut(payloads: list[bytes], size: int) -> None:
    """The reader does not care in which pieces the bytes arrive."""
    path_like = _Memory()
    for payload in payloads:
        path_like.add(payload)
    frames = Frames()
    data = path_like.data
    found = [record for at in range(0, len(data), size) for record in frames.feed(data[at : at + size])]
    assert [record.payload for record in found] == payloads
    assert frames.torn is None


class _Memory:
    """A capture's bytes behind its magic line, made by the recorder's own rules."""

    def __init__(self) -> None:
        self.data = b"{}\n"

    def add(self, payload: bytes) -> None:
        body = struct.pack("<qqBH", 1, 2, What.MESSAGE, 0) + payload
        self.data += struct.pack("<II", len(body), zlib.crc32(body)) + body


def test_a_capture_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.cap"
    path.touch()
    with pytest.raises(InputError, match="--output must be a new file, was"):
        Recorder(path, {})


def test_text_lines_of_both_years(tmp_path: Path) -> None:
    path = tmp_path / "day.gz"
    path.write_bytes(gzip.compress(LINES))
    found, torn = read(path)
    assert torn is None
    assert [record.ts_ns for record in found] == [1723161253937085768, 1675209600123456000]
    assert found[1].payload == b'{"lastUpdateId":5,"bids":[],"asks":[]}'
    path.write_bytes(LINES[:-9])
    found, torn = read(path)
    assert (len(found), torn) == (1, "the last line, number 2, is torn after 47 bytes")
    path.write_bytes(LINES[:-1])
    assert len(read(path)[0]) == 2
    path.write_bytes(LINES + b"nonsense\n")
    with pytest.raises(InputError, match="line 3 must be a receive time and JSON, was b'nonsense'"):
        read(path)


def test_cryptofeed_bundles(tmp_path: Path) -> None:
    url = "https://api.binance.com/api/v3/depth?symbol=NKNUSDT&limit=1000"
    entries = [
        {"t": "header", "exchange": "BINANCE"},
        {"t": "http", "ts": 1.5, "url": url, "data": '{"lastUpdateId":5}'},
        {"t": "connect", "ts": 1.6, "addr": "wss://x"},
        {"t": "recv", "ts": 1633998512.0633569, "data": '{"a":1}'},
        {"t": "recv", "ts": 2.0, "b64": "eyJhIjoyfQ=="},
    ]
    path = tmp_path / "b.jsonl.zst"
    path.write_bytes(zstandard.compress("".join(json.dumps(entry) + "\n" for entry in entries).encode()))
    found, _ = read(path)
    assert [(r.what, r.payload) for r in found] == [
        (What.REST, b'{"lastUpdateId":5}'),
        (What.MESSAGE, b'{"a":1}'),
        (What.MESSAGE, b'{"a":2}'),
    ]
    assert found[1].ts_ns == 1633998512063357000
    assert snapshot_symbol(found[0].source) == "NKNUSDT"
    assert snapshot_symbol("https://api.binance.com/api/v3/exchangeInfo") is None
    path.write_bytes(b'{"t":"header","exchange":"UPBIT"}\n')
    with pytest.raises(InputError, match=r"exchange of the recording must be one of .*, was UPBIT"):
        read(path)


def test_a_gzip_frame_of_a_bundle_is_unpacked_and_a_cut_one_is_named(tmp_path: Path) -> None:
    frame = gzip.compress(b'{"ping":1}')
    path = tmp_path / "h.jsonl"
    for data, message in (
        (frame, None),
        (frame[:-9], "was cut or longer"),
        (frame[:4] + b"\xff" * 20, "line 2 must be"),
    ):
        entries = [{"t": "header", "exchange": "HUOBI_SWAP"}, {"t": "recv", "ts": 1.0, "b64": b64encode(data).decode()}]
        path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
        if message is None:
            assert [record.payload for record in read(path)[0]] == [b'{"ping":1}']
        else:
            with pytest.raises(InputError, match=message):
                read(path)


@pytest.mark.parametrize("data", [b"", b"hello", b"PAR1 and then much more that is not a recording", b"\x1f\x8b\x00"])
def test_what_is_no_recording_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(InputError, match="must be a recording"):
        read(path)


def test_addresses_are_checked() -> None:
    spot = session_of("binance")
    assert spot.endpoints("http://127.0.0.1:90") == Endpoints("http://127.0.0.1:90", "ws://127.0.0.1:90")
    assert spot.endpoints().ws == "wss://stream.binance.com:9443"
    for base, ws_base in [("ftp://x", None), (None, "http://x")]:
        with pytest.raises(InputError, match="must begin with"):
            spot.endpoints(base, ws_base)
    with pytest.raises(InputError, match=r"--venue must be one of .*, was mtgox"):
        session_of("mtgox")


class _Refuses(BaseHTTPRequestHandler):
    """A server that is there but serves nothing."""

    def do_GET(self) -> None:
        """Refuses."""
        self.send_response(503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_an_interrupt_keeps_the_file_and_ends_with_130(tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refuses)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = tmp_path / "a.cap.zst"
    base = f"http://127.0.0.1:{server.server_address[1]}"
    words = ["--venue", "binance-spot", "--symbols", "BTCUSDT", "--base", base, "-o", str(path)]
    command = [sys.executable, "-c", "import sys; from pycore.cli import main; sys.exit(main())", "capture", *words]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ)
    try:
        assert process.stderr is not None
        assert b"recording binance-spot BTCUSDT" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    finally:
        process.kill()
        process.communicate()
        server.shutdown()
        server.server_close()
    assert read(path) == ([], None)
