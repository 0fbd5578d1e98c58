"""JSON of every recorded feed to finished records, beside simd-json's tape of the same bytes, as a table with the goal.

catalogue: M1. Reads each recording as `tickwright book` does, learns its instruments from its numbers, and hands each
feed's socket messages to native/core/benches/decode_venues.rs in one file (REST books are no part of a stream).

example: python -m bench.decode_venues [DIRECTORY of recordings, or files]
"""

from __future__ import annotations

import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from feeds.book import batches
from feeds.recordings import Recording
from native._core import BookSurvey, InputError

ROOT = Path(__file__).resolve().parents[1]
#: Where the recordings are when nobody says: beside the checkout.
RECORDINGS = ROOT.parent / "shared" / "data" / "ws"
_KINDS = ("*.gz", "*.zst")
_REST_BODY = b'{"lastUpdateId"'


class Feed:
    """One feed of all recordings: what was learnt of it, and its messages."""

    def __init__(self, name: str) -> None:
        """Nothing yet; an empty name is Binance, whose market the numbers tell."""
        self._name = name
        self.survey = BookSurvey(name or None)
        self.messages: list[bytes] = []

    @property
    def name(self) -> str | None:
        """The name that the core knows it by; None where nothing told."""
        return self._name or self.survey.market


def main(words: list[str]) -> int:
    """Makes the input, runs the bench; returns its exit code, or 2 where there is no recording."""
    places = [Path(word) for word in words] or [RECORDINGS]
    paths = sorted(path for place in places for path in _files(place))
    if not paths:
        print(f"no recordings at {', '.join(map(str, places))}: pass their directory", file=sys.stderr)
        return 2
    feeds: dict[str, Feed] = {}
    for path in paths:
        for name, feed in _read(path).items():
            _merge(feeds, name, feed)
    with tempfile.NamedTemporaryFile(suffix=".feeds") as made:
        for name, feed in sorted(feeds.items()):
            made.write(_packed(name, feed))
        made.flush()
        command = ["cargo", "bench", "-q", "--locked", "-p", "tickwright-core", "--bench", "decode_venues", "--"]
        return subprocess.run([*command, made.name], cwd=ROOT / "native", check=False).returncode


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    for kind in _KINDS:
        yield from place.rglob(kind)


def _read(path: Path) -> dict[str, Feed]:
    """The feeds of one recording by the name that the core knows them by; none where we do not read its venue."""
    feeds: dict[str, Feed] = {}
    try:
        for at, name, symbol, records in batches(Recording(path)):
            feed = feeds.setdefault(name, Feed(name))
            payloads = [record.payload for record in records]
            feed.survey.feed(payloads, symbol, origin=str(path), first=at)
            # A body of REST without its request, as the text recordings have it, is no message of the stream either.
            feed.messages += [body for body in payloads if symbol is None and not body.startswith(_REST_BODY)]
    except InputError as why:
        print(f"{path} is left out: {why}", file=sys.stderr)
        return {}
    return {feed.name: feed for feed in feeds.values() if feed.name and feed.survey.messages}


def _merge(feeds: dict[str, Feed], name: str, feed: Feed) -> None:
    if name not in feeds:
        feeds[name] = feed
        return
    feeds[name].survey.absorb(feed.survey)
    feeds[name].messages += feed.messages


def _packed(name: str, feed: Feed) -> bytes:
    parts = [_text(name.encode())]
    instruments = feed.survey.instruments()
    parts.append(struct.pack("<I", len(instruments)))
    parts += [_text(word.encode()) for instrument in instruments for word in instrument]
    parts.append(struct.pack("<I", len(feed.messages)))
    parts += [_text(message) for message in feed.messages]
    return b"".join(parts)


def _text(text: bytes) -> bytes:
    return struct.pack("<I", len(text)) + text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
