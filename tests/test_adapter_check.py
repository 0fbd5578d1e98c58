"""A third party's adapter, installed with pip into a folder of its own, proved by `tickwright adapter check` (M1)."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from feeds.adapter import AdapterBooks, Feed, Sample
from feeds.adapter_check import Found, bears, declares, decode, decodes, event_fault, joins, recordings, sessions
from native._core import InputError

SAMPLE = Path(__file__).parent / "adapter_sample"
ROOT = Path(__file__).resolve().parents[1]


def install(source: Path, to: Path) -> Path:
    """Installs a package for real, from its source, into a folder."""
    copy = to / "source"
    shutil.copytree(source, copy)
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-build-isolation", "--no-deps"]
    subprocess.run([*command, "--target", str(to / "site"), str(copy)], check=True, timeout=300)
    return to / "site"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(SAMPLE, tmp_path_factory.mktemp("toyx"))


def tickwright(site: Path, *words: str) -> tuple[int, list[dict[str, Any]], str]:
    """Runs the command where the installed package can be imported: exit code, rows, stderr."""
    path = os.pathsep.join([str(site), str(ROOT)])
    ended = subprocess.run(
        [sys.executable, "-m", "pycore.cli", *words, "--json"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines()], ended.stderr


def test_the_sample_is_listed_and_every_check_holds(site: Path) -> None:
    code, [row, summary], said = tickwright(site, "adapter", "ls")
    assert (code, summary["adapters"]) == (0, 1), said
    assert (row["adapter"], row["package"], row["feed"]) == ("toyx", "tickwright-toyx 1.0", "toyx-spot")
    code, rows, said = tickwright(site, "adapter", "check", "tickwright-toyx")
    assert code == 0, (rows, said)
    assert {row["check"] for row in rows[:-1]} == {
        "declares",
        "sessions",
        "samples",
        "decodes",
        "books join",
        "bears bad bytes",
        "deterministic",
        "reads no clock",
        "same in another process",
    }
    assert all(row["passed"] for row in rows[:-1])
    assert rows[-1] == {"package": "tickwright-toyx", "adapters": 1, "checks": 9, "failed": 0, "summary": True}


def test_a_package_that_is_not_there_is_bad_input(site: Path) -> None:
    code, _, said = tickwright(site, "adapter", "check", "tickwright-none")
    assert (code, "was tickwright-none" in said) == (2, True)


#: What is written into the sample's decoder, and the check that must fail for it.
BREAKS = {
    "reads no clock": (
        "        return [self._book",
        "        import time; time.time()\n            return [self._book",
    ),
    "bears bad bytes": ("except (ValueError, KeyError,", "except (KeyError,"),
    "does not crash": (
        "            message = json.loads(payload)",
        "            if payload[-1:] != b'}':\n                __import__('os').abort()\n"
        "            message = json.loads(payload)",
    ),
    "same in another process": (
        '"off_book": False}',
        '"off_book": hash("a") % 2 == 0, "ts_venue": hash("b") & 0xFFFF}',
    ),
    "books join": ('"snapshot": message["whole"] is True', '"snapshot": False'),
    "decodes": ('"first": head["stream_seq"], "previous": 0', '"first": head["stream_seq"], "previous": None'),
    "declares": ('market="spot"', 'market="cash"'),
}


async def test_a_fault_of_the_adapter_fails_its_check(site: Path, tmp_path: Path) -> None:
    """The installed package is copied and broken: the metadata stays that of the real installation."""

    async def broken(number: int, check: str) -> None:
        copy = tmp_path / str(number)
        shutil.copytree(site, copy)
        module = copy / "tickwright_toyx" / "__init__.py"
        old, new = BREAKS[check]
        text = module.read_text()
        assert old in text
        module.write_text(text.replace(old, new))
        code, rows, said = await asyncio.to_thread(tickwright, copy, "adapter", "check", "toyx")
        failed = [row["check"] for row in rows if row.get("passed") is False]
        assert (code, check in failed) == (1, True), (check, rows, said)

    await asyncio.gather(*(broken(number, check) for number, check in enumerate(BREAKS)))


async def test_the_installed_adapter_is_watched_and_recorded_live(site: Path, tmp_path: Path) -> None:
    """The command finds the feed by name and runs the adapter's session against a server that speaks its language."""
    lines = (SAMPLE / "tickwright_toyx" / "sample.jsonl").read_text().splitlines()

    async def stream(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT and "sub" in json.loads(message.data):
                for line in lines:
                    await socket.send_str(line)
        return socket

    app = web.Application()
    app.router.add_get("/stream", stream)
    async with TestServer(app) as server:
        words = ["--venue", "toyx-spot", "--symbols", "BTCUSD", "--base", str(server.make_url("")), "--seconds", "4"]
        code, rows, said = await asyncio.to_thread(tickwright, site, "watch", *words, "--every", "0.5")
        assert code == 0, (rows, said)
        assert (rows[0]["bid"], rows[0]["bid_qty"], rows[0]["ask"], rows[0]["ask_qty"]) == (99.5, 1.5, 100.6, 3.125)
        out = tmp_path / "toyx.cap"
        code, rows, said = await asyncio.to_thread(tickwright, site, "capture", *words, "-o", str(out))
        assert (code, rows[-1]["messages"]) == (0, len(lines)), (rows, said)


class Plain:
    """The least decoder: a line `depth N` is a whole book, `bad` is refused, `break` is a bug."""

    def define(self, symbol: str, tick: str, lot: str) -> int:
        return 1

    def read(self, payload: bytes, symbol: str | None = None) -> list[dict[str, Any]]:
        if not payload.startswith(b"depth "):
            raise InputError(f"message must be depth, was {payload!r}")
        head = {"kind": "depth", "instrument": 1, "stream_seq": 1, "ts_venue": None}
        return [{**head, "snapshot": True, "first": 1, "previous": 0, "bids": [(1, 1)], "asks": [(2, 1)]}]


class Least:
    """An adapter of one feed."""

    def __init__(self, **changes: Any) -> None:
        self.venue = "least"
        self.feeds = {"least": Feed(market="spot", channels=("depth",), rule="whole", finest=("1", "1"), **changes)}

    def decoder(self, feed: str) -> Plain:
        return Plain()

    def samples(self) -> list[Sample]:
        return [Sample("least", {"A": ("1", "1")}, [(b"depth 1", None)])]


def test_the_least_adapter_passes_in_this_process() -> None:
    least = Least()
    samples = least.samples()
    found: list[Found] = [check(least, samples) for check in (declares, sessions, recordings, joins, bears)]
    found.append(decodes(least, samples, {0: decode(least, samples[0])}))
    assert [one for one in found if not one.passed] == []
    bare = Least()
    bare.venue, bare.feeds = "Least!", {}
    assert "venue was 'Least!'; feeds was empty" in declares(bare, []).found
    assert recordings(least, [Sample("other", {}, [])]).found == "no sample of least; a sample of other"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"kind": "quote"}, "kind must be one of"),
        ({"more": 1}, "fields of depth must be"),
        ({"stream_seq": True}, "stream_seq was True"),
        ({"instrument": 2}, "instrument was 2"),
        ({"bids": [(1, -1)]}, "level was (1, -1)"),
        ({"asks": [[1, 1]]}, "level was [1, 1]"),
        ({}, None),
    ],
)
def test_an_event_that_is_not_ours_is_named(change: dict[str, Any], fault: str | None) -> None:
    [event] = Plain().read(b"depth 1")
    found = event_fault({**event, **change}, 1)
    assert found is None if fault is None else fault in (found or "")


def test_a_decoder_that_numbers_otherwise_is_refused() -> None:
    books = AdapterBooks(Least(), "least")
    books.define("A", "1", "1")
    with pytest.raises(InputError, match="number of B must be 2, the next one, was 1"):
        books.define("B", "1", "1")
