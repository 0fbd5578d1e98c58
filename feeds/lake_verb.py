"""The verb `tickwright data`: recordings into a lake or another store, and questions to it.

catalogue: M7, M8, M9, M10. `import`, `backfill`, `follow`, `retain`, `ls`, `head`, `bars`, `book-at`, `quality`,
`export`. Exit 0: done. 1: `quality` found gaps or crossed tops, a venue refused a job of `backfill`, or `retain` could
not drop all. 2: bad input. An import or a backfill that is interrupted goes on where it was when it is given again.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import ipc

from feeds.history import verb as backfill
from feeds.lake_book import book_at
from feeds.lake_import import import_recording
from feeds.lake_quality import events, marks, quality
from feeds.lake_quality_page import page
from feeds.lake_query import FOREVER_NS, Queries, Span
from feeds.lake_schema import CHANNELS
from feeds.ports import Clock, Results
from feeds.store import verb as moves
from feeds.store.address import hidden
from feeds.store.open import open_store
from native._core import InputError

#: How many faults one file of events holds.
EVENTS_MAX = 100_000
_ACTIONS = {
    "import": ("store recordings, each message once", "capture.zst"),
    "backfill": ("bring history from venues", "--of binance-usdm:BTCUSDT --of okx:BTC-USDT-SWAP --since 2025-01-01"),
    "ls": ("list what there is", ""),
    "head": ("show the first rows of a channel", "trades --venue binance-spot --symbol BTCUSDT --rows 5"),
    "bars": ("build bars from trades", "--venue binance-spot --symbol BTCUSDT --bar 1m"),
    "book-at": ("rebuild the book of a time", "--venue okx --symbol BTC-USDT --at 2022-05-13T11:20:00"),
    "quality": ("count gaps, latency, crossings, outliers", "-o quality.html --events faults.jsonl"),
    "follow": ("write an engine's market data while it runs", "runs/demo/journal --once"),
    "retain": ("show, and with --drop drop, what is older than it is kept", "--store postgresql://me@host/db"),
    "export": ("write rows as one file", "tops --venue okx --symbol BTC-USDT -o tops.parquet"),
}


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the actions and their options."""
    parser.description = "Keeps market data in a lake of Parquet files, and answers questions about it (docs/data.md)."
    parser.epilog = "example:\n  tickwright data import capture.zst --lake lake\n  tickwright data ls --lake lake"
    actions = parser.add_subparsers(dest="action", required=True)
    for name, (what, example) in _ACTIONS.items():
        action = actions.add_parser(name, help=what)
        action.description = f"{what.capitalize()}."
        action.epilog = f"example:\n  tickwright data {name} {example} --lake lake".replace("  --", " --")
        action.add_argument("--lake", default="lake", metavar="PLACE", help="a folder, or s3://bucket/path (lake)")
        action.add_argument("--store", metavar="URL", help="instead of a lake: chdb:, clickhouse://, postgresql://")
    choices = actions.choices
    moves.register(choices)
    choices["import"].add_argument("file", nargs="+", type=Path, help="recordings, as `tickwright book` reads them")
    backfill.register(choices["backfill"])
    for name in ("head", "export"):
        choices[name].add_argument("channel", choices=CHANNELS, help="which rows")
        choices[name].add_argument("--bar", help="which of klines or stored bars: 1h, 1m, tick:100, ..")
    for name in ("head", "bars", "book-at", "export"):
        choices[name].add_argument("--venue", required=True, help="as `ls` names it")
        choices[name].add_argument("--symbol", required=True, help="the venue's own symbol")
    for name in ("head", "bars", "export"):
        choices[name].add_argument("--since", default="0", metavar="TIME", help="UTC, ISO 8601 or ns; the beginning")
        choices[name].add_argument("--until", default=str(FOREVER_NS), metavar="TIME", help="not in it; the end")
    choices["head"].add_argument("--rows", type=int, default=10, help="how many (10)")
    choices["bars"].add_argument("--bar", default="1m", help="1s 1m 5m 15m 1h 1d tick:N volume:N dollar:N (1m)")
    choices["book-at"].add_argument("--at", required=True, metavar="TIME", help="UTC, ISO 8601 or ns")
    choices["book-at"].add_argument("--levels", type=int, default=10, help="a side (10)")
    choices["quality"].add_argument(
        "--events", type=Path, metavar="FILE.jsonl", help=f"write each fault there, the first {EVENTS_MAX:,}"
    )
    for name, kind in (
        ("bars", "FILE.parquet|FILE.arrow"),
        ("export", "FILE.parquet|FILE.arrow"),
        ("quality", "FILE.html"),
    ):
        wanted = name == "export"
        choices[name].add_argument(
            "-o", "--output-file", metavar=kind, type=Path, required=wanted, help="write it there"
        )


def run(args: argparse.Namespace) -> int:
    """Runs the action that was asked for, over the store that was named."""
    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "import": _import,
        "backfill": lambda given: backfill.run(given, time_ns),
        "follow": moves.follow,
        "retain": moves.retain,
        "ls": _ls,
        "head": _head,
        "bars": _bars,
        "book-at": _book,
        "quality": _quality,
        "export": _export,
    }
    args.lake_place, args.place = args.lake, args.store or args.lake
    args.lake, args.source = hidden(args.place), open_store(args.place, os.environ)
    try:
        return actions[args.action](args)
    finally:
        args.source.close()


def _import(args: argparse.Namespace) -> int:
    output: Results = args.output
    clock: Clock = args.clock
    missing = [path for path in args.file if not path.is_file()]
    if missing:
        raise InputError(f"file must be a recording, was {missing[0]}")
    rows = 0
    output.say("an interrupt loses nothing: the same command goes on where it was")
    with output.progress("import", 2 * sum(path.stat().st_size for path in args.file)) as bar:
        before = 0

        def tick(read: int) -> None:
            bar.update(0, completed=before + read)

        for path in args.file:
            done = import_recording(args.source, path, clock, tick)
            before += 2 * path.stat().st_size
            rows += done.rows
            told = {"messages": done.records, "rows": done.rows, "repeated": done.repeated}
            output.row({"file": str(path), **told, "recording": done.recording})
    output.summary({"lake": args.lake, "files": len(args.file), "rows": rows})
    return 0


def _ls(args: argparse.Namespace) -> int:
    found = args.source.partitions()
    for row in found:
        args.output.row(row)
    args.output.summary(
        {"lake": args.lake, **{name: sum(row.get(name, 0) for row in found) for name in ("files", "rows", "bytes")}}
    )
    return 0


def _head(args: argparse.Namespace) -> int:
    found = _rows(args)
    return _tell(args, found.slice(0, args.rows), {"rows": min(args.rows, len(found)), "of": len(found)})


def _bars(args: argparse.Namespace) -> int:
    found = Queries(args.source).bars(args.venue, args.symbol, args.bar, _span(args))
    if args.output_file is None:
        return _tell(args, found, {"bars": len(found)})
    _write(found, args.output_file)
    args.output.summary({"file": str(args.output_file), "bars": len(found)})
    return 0


def _book(args: argparse.Namespace) -> int:
    queries = Queries(args.source)
    found = book_at(queries, args.venue, args.symbol, time_ns("--at", args.at), args.levels)
    return _tell(args, found.table, {"id": found.id, "ts_receive": found.ts_receive, "crossed": found.crossed})


def _quality(args: argparse.Namespace) -> int:
    queries = Queries(args.source)
    rows = quality(queries)
    for row in rows:
        args.output.row(row)
    totals = {name: sum(row[name] or 0 for row in rows) for name in ("messages", "gaps", "crossed", "outliers")}
    if args.events is not None:
        found = events(queries, EVENTS_MAX + 1)
        _write_text("".join(f"{json.dumps(event)}\n" for event in found[:EVENTS_MAX]), args.events)
        totals |= {"events": min(len(found), EVENTS_MAX), "more_events": len(found) > EVENTS_MAX}
    if args.output_file is not None:
        _write_text(page(rows, marks(queries), args.lake), args.output_file)
        totals["report"] = str(args.output_file)
    holds = totals["gaps"] == totals["crossed"] == 0
    args.output.summary({"lake": args.lake, **totals, "holds": holds})
    return 0 if holds else 1


def _export(args: argparse.Namespace) -> int:
    found = _rows(args)
    _write(found, args.output_file)
    args.output.summary({"file": str(args.output_file), "rows": len(found)})
    return 0


def _rows(args: argparse.Namespace) -> pa.Table:
    return Queries(args.source).rows(args.channel, args.venue, args.symbol, _span(args), args.bar)


def _span(args: argparse.Namespace) -> Span:
    return Span(time_ns("--since", args.since), time_ns("--until", args.until))


def _tell(args: argparse.Namespace, table: pa.Table, summary: dict[str, Any]) -> int:
    for row in table.to_pylist():
        args.output.row(row)
    args.output.summary({"lake": args.lake, **summary})
    return 0


def _write_text(text: str, target: Path) -> None:
    """The file appears under its name when it is whole."""
    beside = target.with_name(f"{target.name}.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(target)


def _write(table: pa.Table, target: Path) -> None:
    """Writes a table in the form that the file's name asks for; the name appears when the file is whole."""
    if target.suffix not in (".parquet", ".arrow"):
        raise InputError(f"--output-file must end in .parquet or .arrow, was {target}")
    beside = target.with_name(f"{target.name}.part")
    if target.suffix == ".parquet":
        pq.write_table(table, beside, compression="zstd")
    else:
        with ipc.new_file(str(beside), table.schema) as file:
            file.write_table(table)
    beside.replace(target)


def time_ns(option: str, text: str) -> int:
    """A time of the command line, ns since the epoch: digits are ns, else ISO 8601 (UTC where it says none)."""
    try:
        if text.isdigit():
            found = int(text)
        else:
            when = datetime.fromisoformat(text)
            when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
            past = when - datetime(1970, 1, 1, tzinfo=UTC)
            found = ((past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds) * 1_000
    except ValueError:
        raise InputError(f"{option} must be ns or a time such as 2024-08-09T12:00:00, was {text}") from None
    if not 0 <= found <= FOREVER_NS:
        raise InputError(f"{option} must be from 1970 to 2262, was {text}")
    return found
