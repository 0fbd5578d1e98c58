"""The verb `tickwright book`: rebuilds the books of recordings and compares them with what the venues say of their own.

catalogue: M4, M9, M12. Two passes over each file: the first learns market, ticks and lots from the recorded numbers
themselves, the second rebuilds. Files of one feed (a market of Binance, a connection of another venue) are taken in the
order of their first receive time and continue one another; a file whose first delta does not chain to the one before is
a recording of its own, not a gap. A top is compared where the venue's best price has the book's update id, a checksum
where the venue sends one.

Recordings of single orders (`feeds.l3`) are told by their first bytes, those of two lines (`feeds.line_check`) by
their head, and rebuilt one by one; a folder stands for every recording in it. `counts` are the recording's own words
with how often each was told, and what its rebuilding counted.

Exit 0 where no message is missing, no book crossed, every checksum is equal and every top that differs is explained;
else 1. The rule for tops: Binance gathers depth for up to 100 ms and does not send a ticker for every change within, so
a top may differ where no ticker has the delta's own update id, in at most one of a hundred tops of an instrument (seen:
2 of 12,961 on spot in 2024, 3 of 1,788 on COIN-M in 2021). Where a ticker has the same id, nothing explains it.
What counts as a fault of a book of single orders stands in `feeds.l3.check`.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from feeds.binance import BY_MARKET, snapshot_symbol
from feeds.l3.check import OrderCheck
from feeds.l3.formats import order_source
from feeds.l3.source import Books, OrderSource
from feeds.line_check import BOTH, LinesFile
from feeds.line_pair import LINES, MARK_B
from feeds.ports import Clock, Results
from feeds.public import book_request, feed_of_message
from feeds.recorder import Recorded, What, recorded_about
from feeds.recordings import Recording
from feeds.unpack import Unpacked
from native._core import BookCheck, BookSurvey, InputError

#: One differing top in this many can be explained (see the module's rule).
TOPS_PER_DIFFERENCE = 100
_HEAD_BYTES = 1 << 16
_COMPARED = ("messages", "deltas", "tops_compared", "tops_equal", "checksums", "checksums_equal")
_FIELDS = (*_COMPARED, "gaps", "unknown_ids", "crossed", "discarded")


class Reading(Protocol):
    """Whatever is being read."""

    @property
    def bytes_read(self) -> int:
        """Bytes of the file so far."""


@dataclass
class SurveyedFile:
    """One recording with what the first pass learnt of each feed in it."""

    recording: Recording
    surveys: dict[str, BookSurvey] = field(default_factory=dict)
    first_ns: int = 0
    seconds: float = 0.0
    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """The file."""
        return self.recording.path

    def survey(self, feed: str) -> BookSurvey:
        """The survey of a feed of `feed_of`."""
        if feed not in self.surveys:
            self.surveys[feed] = BookSurvey(feed or None)
        return self.surveys[feed]

    def named(self) -> dict[str, tuple[str, BookSurvey]]:
        """By feed of `feed_of`: the name that the core knows it by (Binance's market), and its survey."""
        names = ((feed, feed or survey.market, survey) for feed, survey in self.surveys.items())
        return {feed: (name, survey) for feed, name, survey in names if name and survey.messages}


@dataclass
class OrdersFile:
    """One recording of single orders with the books that its first pass found."""

    source: OrderSource
    books: Books
    seconds: float
    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """The file."""
        return self.source.path


BookFile = SurveyedFile | OrdersFile | LinesFile


def register(parser: argparse.ArgumentParser) -> None:
    """Describes the verb's arguments."""
    parser.description = (
        "Rebuilds the order books of recordings and compares each top with the venue's own best bid and offer at the\n"
        "same update id, and each checksum that the venue sends; books of single orders likewise. Files of one stream\n"
        "given together continue one another. Exit 1 where a message is missing, a book of levels crossed, a checksum\n"
        "differs, a top differs that the venue's 100 ms window does not explain, or an order is unknown without reason."
    )
    parser.epilog = "example:\n  tickwright book capture.zst --json"
    text = (
        "own capture, text lines, cryptofeed bundle, JSON array, DBN, ITCH 5.0, LOBSTER, Bitstamp's orders; or a folder"
    )
    parser.add_argument("file", nargs="+", type=Path, help=text)


def run(args: argparse.Namespace) -> int:
    """Checks the files; prints a line for each file and instrument, then the summary."""
    output: Results = args.output
    clock: Clock = args.clock
    paths, wanted = _listed(args.file)
    total = 2 * sum(path.stat().st_size for path in paths)
    with output.progress("books", total) as bar:
        done = 0

        def tick(reading: Reading) -> None:
            bar.update(0, completed=done + reading.bytes_read)

        files: list[BookFile] = []
        for path in paths:
            try:
                files.append(_surveyed(path, clock, tick))
            except InputError as why:
                if path in wanted:
                    raise
                output.say(f"left out: {why}")
            done += path.stat().st_size
        began = clock.mono_ns()
        levels = [file for file in files if isinstance(file, SurveyedFile)]
        for rebuilt in _rebuild(sorted(levels, key=lambda file: file.first_ns), clock, tick):
            done += rebuilt.recording.bytes_read
        for other in files:
            done += _rebuild_alone(other, clock, tick)
    for file in files:
        if torn := file.source.torn if isinstance(file, OrdersFile) else file.recording.torn:
            output.say(f"{file.path}: {torn}; everything before it is used")
    return _print(files, output, (clock.mono_ns() - began) / 1e9)


def _listed(given: list[Path]) -> tuple[list[Path], set[Path]]:
    """The files, those of a folder by name; and those that were named themselves, which have to be recordings."""
    found: list[Path] = []
    for path in given:
        inside = (inner for inner in path.rglob("*") if inner.is_file() and not inner.name.startswith("."))
        found += sorted(inside) if path.is_dir() else [path]
    return list(dict.fromkeys(found)), {path for path in given if not path.is_dir()}


def _surveyed(path: Path, clock: Clock, tick: Callable[[Reading], None]) -> BookFile:
    """The first pass over a file of any kind. InputError where it is no recording that we read."""
    source = order_source(path)
    about = recorded_about(Unpacked(path).head(_HEAD_BYTES))
    if source is None and about.get("lines") == len(LINES):
        lines = LinesFile(path, str(about.get("venue")))
        lines.survey(tick)
        return lines
    if source is None:
        file = SurveyedFile(Recording(path))
        survey_file(file, clock, tick)
        return file
    began = clock.mono_ns()
    books = source.survey()
    if not books.symbols:
        raise InputError(f"{path} must hold single orders of a venue that we read, was without any")
    return OrdersFile(source, books, (clock.mono_ns() - began) / 1e9)


def _rebuild_alone(file: BookFile, clock: Clock, tick: Callable[[Reading], None]) -> int:
    """The second pass over a recording that no other continues: fills in its rows. The bytes that were read."""
    began = clock.mono_ns()
    match file:
        case OrdersFile():
            check = OrderCheck(file.source, file.books)
            for batch in file.source.batches():
                check.take(batch)
                tick(file.source)
            file.rows = [(file.source.venue, row) for row in check.rows()]
            done = file.source.bytes_read
        case LinesFile():
            file.rebuild(tick)
            done = file.recording.bytes_read
        case _:
            return 0
    file.seconds += (clock.mono_ns() - began) / 1e9
    return done


def batches(recording: Recording, only: str | None = None) -> Iterator[tuple[int, str, str | None, list[Recorded]]]:
    """Runs of records of one feed and kind with the number of their first: messages (None) or snapshots of one symbol.

    A snapshot that no request names is of the `only` symbol of its file.
    """
    at = 0
    for batch in recording.batches():
        for (feed, symbol), run_of in groupby(batch, key=lambda record: _belongs(record, only)):
            records = list(run_of)
            if symbol != "":
                yield at, feed, symbol, records
            at += len(records)


def _belongs(record: Recorded, only: str | None) -> tuple[str, str | None]:
    """The feed; and None for a message, the symbol for its snapshot, an empty text for what is no part of a book.

    Line B of a recording of two lines says the same once more, and is no part.
    """
    if record.source.endswith(MARK_B):
        return "", ""
    if record.what is What.MESSAGE:
        feed = feed_of_message(record.source, record.payload)
        return feed, only if record.payload.startswith(b'{"lastUpdateId"') else None
    if record.what is not What.REST:
        return "", ""
    return book_request(record.source) or ("", snapshot_symbol(record.source) or "")


def survey_file(file: SurveyedFile, clock: Clock, tick: Callable[[Reading], None]) -> None:
    """The first pass over a file: fills in its surveys. InputError where it has no market data of a venue we read."""
    began, recording = clock.mono_ns(), file.recording
    for at, feed, symbol, records in batches(recording):
        file.first_ns = file.first_ns or records[0].ts_ns
        payloads = [record.payload for record in records]
        file.survey(feed).feed(payloads, symbol, origin=str(recording.path), first=at)
        tick(recording)
    if not file.named():
        raise InputError(f"{recording.path} must hold market data of a venue that we read, was without any")
    file.seconds = (clock.mono_ns() - began) / 1e9


def _rebuild(files: list[SurveyedFile], clock: Clock, tick: Callable[[Reading], None]) -> Iterator[SurveyedFile]:
    """The second pass over the files, in order; yields each file when it is read, and fills in the rows of all."""
    holders: dict[str, list[SurveyedFile]] = defaultdict(list)
    for file in files:
        for name, _ in file.named().values():
            holders[name].append(file)
    checks = {name: _check(name, holding) for name, holding in holders.items()}
    for file in files:
        began = clock.mono_ns()
        _rebuild_file(file, checks, tick)
        file.seconds += (clock.mono_ns() - began) / 1e9
        yield file
    for name, check in checks.items():
        check.finish()
        for at, file in enumerate(holders[name]):
            file.rows += ((name, row) for row in check.rows(at))


def _check(name: str, files: list[SurveyedFile]) -> BookCheck:
    """The books of one feed, with the instruments of all its files."""
    feed = "" if name in BY_MARKET else name
    known, check = BookSurvey(feed or None), BookCheck(name)
    for file in files:
        known.absorb(file.surveys[feed])
    for symbol, tick_size, lot_size in known.instruments():
        check.define(symbol, tick_size, lot_size)
    return check


def _rebuild_file(file: SurveyedFile, checks: dict[str, BookCheck], tick: Callable[[Reading], None]) -> None:
    recording, named = file.recording, file.named()
    for name, _ in named.values():
        checks[name].begin_file()
    listed = file.surveys[""].instruments() if "" in file.surveys else []
    only = listed[0][0] if len(listed) == 1 else None
    for at, feed, symbol, records in batches(recording, only):
        if feed in named:
            payloads = [record.payload for record in records]
            checks[named[feed][0]].feed(payloads, symbol, origin=str(recording.path), first=at)
        tick(recording)


def _print(files: list[BookFile], output: Results, seconds: float) -> int:
    totals = dict.fromkeys(_FIELDS, 0)
    faults = 0
    for file in files:
        for feed, row in file.rows:
            shown = {name: row.get(name, 0) for name in _FIELDS}
            for name, value in shown.items():
                # Of two lines, what they are together counts.
                totals[name] += value if row.get("line", BOTH) == BOTH else 0
            faults += row["faults"] if "faults" in row else _faults(row)
            output.row(
                {
                    "file": str(file.path),
                    "venue": BY_MARKET[feed].venue if feed in BY_MARKET else feed,
                    "instrument": row["instrument"],
                    **({"line": row["line"]} if "line" in row else {}),
                    **shown,
                    "seconds": round(file.seconds, 3),
                    "counts": row.get("counts", {}),
                }
            )
    output.summary({"files": len(files), **totals, "seconds": round(seconds, 3), "holds": faults == 0})
    return 0 if faults == 0 else 1


def _faults(row: dict[str, Any]) -> int:
    """The faults of a book of levels."""
    return int(row["gaps"] + row["crossed"] + row["checksums"] - row["checksums_equal"]) + _unexplained(row)


def _unexplained(row: dict[str, Any]) -> int:
    """How many tops of an instrument differ without the explanation that the module gives."""
    differ = int(row["tops_compared"]) - int(row["tops_equal"])
    explained = min(int(row["tops_between"]), int(row["tops_compared"]) // TOPS_PER_DIFFERENCE)
    return max(0, differ - explained)
