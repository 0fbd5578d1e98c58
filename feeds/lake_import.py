"""Recordings into a store, in pieces that are each there once, however often the import is interrupted.

catalogue: M7, M12. A recording is known by the SHA-256 of its bytes. Its messages are cut into pieces at places that
depend on nothing but the recording; in a lake a piece is one file in each of its partitions, named after the recording
and the piece's first message. When all are there, the note `imports/<recording>` says so. A restart begins at the first
piece that is not said to be there, and writes the same files again under the same names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from feeds.bars_live import decimals, unit
from feeds.binance import BY_MARKET
from feeds.book import SurveyedFile, batches, survey_file
from feeds.lake_rows import Instrument, packed_rows, table
from feeds.lake_schema import FIGURES, RECORDED
from feeds.ports import Clock
from feeds.recordings import Recording
from feeds.store.ports import Store
from native._core import MarketColumns

#: A piece ends with the batch that brings it to this many rows.
PIECE_ROWS = 500_000
#: What a recording becomes, in the order of the core's tables and then of its figures.
_STORED = (*RECORDED, *FIGURES)


@dataclass
class Imported:
    """How far a recording is in the lake; its fields are the file `imports/<recording>.json`."""

    recording: str
    file: str
    records: int = 0
    rows: int = 0
    repeated: int = 0
    complete: bool = False


def import_recording(
    store: Store, path: Path, clock: Clock, tick: Callable[[int], None], piece_rows: int = PIECE_ROWS
) -> Imported:
    """Stores what is not stored yet of one recording; `tick` hears bytes read, twice the file's size in all.

    InputError for a file that is no recording of a venue that we read; what was stored before stays.
    """
    digest = _digest(path)
    done = _begun(store, digest, path.name)
    if done.complete:
        tick(2 * path.stat().st_size)
        return done
    file = SurveyedFile(Recording(path))
    survey_file(file, clock, lambda recording: tick(recording.bytes_read))
    half = path.stat().st_size
    reader = _Reader(file)
    piece: dict[str, list[bytes]] = {channel: [] for channel in _STORED}
    size, begin, end = 0, done.records, done.records
    for at, tables, count in reader.batches(done.records):
        end = at + count
        for channel, packed in zip(_STORED, tables, strict=True):
            piece[channel].append(packed)
            size += len(packed_rows(channel, packed))
        tick(half + file.recording.bytes_read)
        if size >= piece_rows:
            _store(store, done, reader.instruments, piece, (begin, end))
            piece, size, begin = {channel: [] for channel in _STORED}, 0, end
    done.complete = True
    _store(store, done, reader.instruments, piece, (begin, end))
    return done


class _Reader:
    """The rows of a recording, with the instruments that its own numbers tell."""

    def __init__(self, file: SurveyedFile) -> None:
        self.file = file
        self.instruments: list[Instrument] = []
        self._columns: dict[str, MarketColumns] = {}
        #: By feed: from the number that the core gave to the place in `instruments`.
        self._places: dict[str, dict[int, int]] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        told = file.recording.about.get("instruments", {})
        steps: dict[str, list[str]] = told if isinstance(told, dict) else {}
        for feed, (name, survey) in file.named().items():
            columns = self._columns[feed] = MarketColumns(name)
            places = self._places[feed] = {}
            for symbol, tick_size, lot_size in survey.instruments():
                # The venue's own steps where the capture kept them: what was stored live has the same scales then.
                known = zip((tick_size, lot_size), steps.get(symbol, ("1", "1")), strict=True)
                scales = [max(decimals(seen), decimals(step)) for seen, step in known]
                number = columns.define(symbol, *(unit(scale) for scale in scales))
                places[number] = len(self.instruments)
                self._numbers[feed, symbol] = number
                venue = BY_MARKET[name].venue if name in BY_MARKET else name
                self.instruments.append(Instrument(venue, symbol, *scales))

    def batches(self, first: int) -> Iterator[tuple[int, tuple[bytes, ...], int]]:
        """From message `first` on: a number, the rows of each channel and the count of messages that they are of."""
        listed = self.file.surveys[""].instruments() if "" in self.file.surveys else []
        only = listed[0][0] if len(listed) == 1 else None
        origin = str(self.file.recording.path)
        for at, feed, symbol, records in batches(self.file.recording, only):
            if feed not in self._columns or at + len(records) <= first:
                continue
            chosen = records[max(0, first - at) :]
            begin = max(at, first)
            number = self._numbers[feed, symbol] if symbol else None
            tables: tuple[bytes, ...] = self._columns[feed].feed(
                [record.payload for record in chosen],
                [record.ts_ns for record in chosen],
                number,
                origin=origin,
                first=begin,
            )
            tables = (*tables, *self._columns[feed].figures())
            yield begin, tuple(self._placed(feed, *pair) for pair in zip(_STORED, tables, strict=True)), len(chosen)

    def _placed(self, feed: str, channel: str, packed: bytes) -> bytes:
        """The rows with the place of the instrument in `instruments` instead of the core's number."""
        rows = packed_rows(channel, packed).copy()
        places = np.zeros(1 + max(self._places[feed], default=0), np.int64)
        for number, place in self._places[feed].items():
            places[number] = place
        rows[:, 0] = places[rows[:, 0]]
        return rows.tobytes()


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _begun(store: Store, digest: str, file: str) -> Imported:
    text = store.kept(f"imports/{digest}")
    return Imported(digest, file) if text is None else Imported(**json.loads(text))


def _store(
    store: Store, done: Imported, instruments: list[Instrument], piece: dict[str, list[bytes]], span: tuple[int, int]
) -> None:
    """Writes the files of a piece, then that they are there."""
    for channel, packed in piece.items():
        rows = table(channel, packed_rows(channel, b"".join(packed)), instruments)
        if len(rows):
            name = f"{done.recording[:16]}-{span[0]:012d}"
            new = store.write(channel, rows, name)
            done.rows += new
            done.repeated += len(rows) - new
    done.records = span[1]
    store.keep(f"imports/{done.recording}", json.dumps(asdict(done)))
