"""The verb `tickwright book`: rebuilds the books of recordings and compares every top with the venue's own.

catalogue: M4, M12. Two passes over each file: the first learns market, ticks and lots from the recorded numbers
themselves, the second rebuilds. Files of one market are taken in the order of their first receive time and continue one
another; a file whose first delta does not chain to the one before is a recording of its own, not a gap.

Exit 0 where no message is missing, no book crossed and every top that differs is explained; else 1. The rule: the venue
gathers depth for up to 100 ms and does not send a ticker for every change within, so a top may differ where no ticker
has the delta's own update id, in at most one of a hundred tops of an instrument (seen: 2 of 12,961 on spot in 2024, 3
of 1,788 on COIN-M in 2021). Where a ticker has the same id, nothing explains a difference.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from feeds.binance import BY_MARKET, snapshot_symbol
from feeds.ports import Clock, Results
from feeds.recorder import Recorded, What
from feeds.recordings import Recording
from native._core import BookCheck, BookSurvey, InputError

#: One differing top in this many can be explained (see the module's rule).
TOPS_PER_DIFFERENCE = 100
_FIELDS = ("messages", "deltas", "tops_compared", "tops_equal", "gaps", "crossed", "discarded")
#: Counts of other books: exchange checksums, and order ids of L3; Binance has neither.
_NONE_HERE = {"checksums": 0, "checksums_equal": 0, "unknown_ids": 0}


@dataclass
class _File:
    """One recording with what the first pass learnt."""

    recording: Recording
    survey: BookSurvey = field(default_factory=BookSurvey)
    first_ns: int = 0
    seconds: float = 0.0
    rows: list[dict[str, Any]] = field(default_factory=list)


def register(parser: argparse.ArgumentParser) -> None:
    """Describes the verb's arguments."""
    parser.description = (
        "Rebuilds the order books of recordings and compares each top with the venue's own best bid and offer at the\n"
        "same update id. Files of one stream given together continue one another. Exit 1 where a message is missing,\n"
        "a book crossed, or a top differs that the venue's 100 ms window does not explain."
    )
    parser.epilog = "example:\n  tickwright book capture.zst --json"
    parser.add_argument("file", nargs="+", type=Path, help="own capture, '<time> <json>' lines, cryptofeed bundle")


def run(args: argparse.Namespace) -> int:
    """Checks the files; prints a line for each file and instrument, then the summary."""
    output: Results = args.output
    clock: Clock = args.clock
    files = [_File(Recording(path)) for path in args.file]
    total = 2 * sum(path.stat().st_size for path in args.file)
    with output.progress("books", total) as bar:
        done = 0

        def tick(recording: Recording) -> None:
            bar.update(0, completed=done + recording.bytes_read)

        for file in files:
            _survey(file, clock, tick)
            done += file.recording.bytes_read
            if file.recording.torn:
                output.say(f"{file.recording.path}: {file.recording.torn}; everything before it is used")
        began = clock.mono_ns()
        for market in dict.fromkeys(str(file.survey.market) for file in files):
            group = [file for file in files if file.survey.market == market]
            for file in _rebuild(market, sorted(group, key=lambda file: file.first_ns), clock, tick):
                done += file.recording.bytes_read
    return _print(files, output, (clock.mono_ns() - began) / 1e9)


def _batches(recording: Recording, only: str | None = None) -> Iterator[tuple[int, str | None, list[Recorded]]]:
    """Runs of records of one kind with the number of their first: messages (None) or snapshots of one symbol.

    A snapshot that no request names is of the `only` symbol of its file.
    """
    at = 0
    for batch in recording.batches():
        for symbol, run_of in groupby(batch, key=lambda record: _symbol(record, only)):
            records = list(run_of)
            if symbol != "":
                yield at, symbol, records
            at += len(records)


def _symbol(record: Recorded, only: str | None) -> str | None:
    """None for a message, the symbol for its snapshot, an empty text for what is no part of a book."""
    if record.what is What.MESSAGE:
        return only if record.payload.startswith(b'{"lastUpdateId"') else None
    return (snapshot_symbol(record.source) or "") if record.what is What.REST else ""


def _survey(file: _File, clock: Clock, tick: Callable[[Recording], None]) -> None:
    began, recording = clock.mono_ns(), file.recording
    for at, symbol, records in _batches(recording):
        file.first_ns = file.first_ns or records[0].ts_ns
        file.survey.feed([record.payload for record in records], symbol, origin=str(recording.path), first=at)
        tick(recording)
    if file.survey.market is None:
        raise InputError(f"{recording.path} must hold market data of Binance, was without any")
    file.seconds = (clock.mono_ns() - began) / 1e9


def _rebuild(market: str, files: list[_File], clock: Clock, tick: Callable[[Recording], None]) -> Iterator[_File]:
    """The second pass over the files of one market, in order; yields each file when it is read."""
    known = BookSurvey()
    for file in files:
        known.absorb(file.survey)
    check = BookCheck(market)
    for name, tick_size, lot_size in known.instruments():
        check.define(name, tick_size, lot_size)
    for file in files:
        began, recording = clock.mono_ns(), file.recording
        check.begin_file()
        listed = file.survey.instruments()
        only = listed[0][0] if len(listed) == 1 else None
        for at, symbol, records in _batches(recording, only):
            check.feed([record.payload for record in records], symbol, origin=str(recording.path), first=at)
            tick(recording)
        file.seconds += (clock.mono_ns() - began) / 1e9
        yield file
    check.finish()
    for at, file in enumerate(files):
        file.rows = check.rows(at)


def _print(files: list[_File], output: Results, seconds: float) -> int:
    totals = dict.fromkeys(_FIELDS, 0)
    unexplained = 0
    for file in files:
        market = str(file.survey.market)
        for row in file.rows:
            counts = {name: row[name] for name in _FIELDS}
            for name, count in counts.items():
                totals[name] += count
            unexplained += _unexplained(row)
            output.row(
                {
                    "file": str(file.recording.path),
                    "venue": BY_MARKET[market].venue,
                    "instrument": row["instrument"],
                    **{name: counts[name] for name in ("messages", "deltas", "tops_compared", "tops_equal")},
                    **_NONE_HERE,
                    **{name: counts[name] for name in ("gaps", "crossed", "discarded")},
                    "seconds": round(file.seconds, 3),
                }
            )
    holds = totals["gaps"] == totals["crossed"] == unexplained == 0
    output.summary({"files": len(files), **totals, **_NONE_HERE, "seconds": round(seconds, 3), "holds": holds})
    return 0 if holds else 1


def _unexplained(row: dict[str, Any]) -> int:
    """How many tops of an instrument differ without the explanation that the module gives."""
    differ = int(row["tops_compared"]) - int(row["tops_equal"])
    explained = min(int(row["tops_between"]), int(row["tops_compared"]) // TOPS_PER_DIFFERENCE)
    return max(0, differ - explained)
