"""Cryptofeed's recordings of one exchange: its bundles of JSON objects, and the text form that they were made from.

catalogue: M12. <https://github.com/bmoscon/cryptofeed>. A bundle's line is an object by its type `t`: a header, then
http, connect, send and recv. A line of the text form is `<time>: <message>` for what was received, `<address> <->
<time>` for a connection, `<address> <- <time>: ..` for what was sent and `<address> -> <time>: <body>` for a REST
answer; times are seconds.
"""

from __future__ import annotations

import base64
import json
import re
import zlib

from feeds.recorder import Recorded, What
from feeds.text_lines import TextLines
from feeds.venue.htx import unpacked
from native._core import InputError

_EXCHANGES = {
    "BINANCE",
    "BINANCE_DELIVERY",
    "BINANCE_FUTURES",
    "BITFINEX",
    "BITGET",
    "BITMEX",
    "BITSTAMP",
    "BYBIT",
    "COINBASE",
    "DERIBIT",
    "DYDX",
    "GATEIO",
    "GATEIO_FUTURES",
    "HUOBI_SWAP",
    "INDEPENDENT_RESERVE",
    "KRAKEN",
    "KRAKEN_FUTURES",
    "KUCOIN",
    "OKX",
}
#: A line of the text form: an address and an arrow where there is one, the time, and what follows it.
_TEXT = re.compile(
    rb"(?:(?P<address>\w+://\S+) (?P<arrow><->|<-|->) )?(?P<time>\d{9,11}(?:\.\d+)?)(?:: (?P<text>.*))?\r?", re.DOTALL
)
_CONFIGURATION = b"configuration:"


def is_text_form(head: bytes) -> bool:
    """Whether a recording's first line is one of the text form."""
    line = head.split(b"\n", 1)[0]
    found = _TEXT.fullmatch(line)
    return line.startswith(_CONFIGURATION) or (found is not None and (found["arrow"] or found["text"]) is not None)


def _ns(seconds: float) -> int:
    return round(seconds * 1_000_000) * 1_000


class Text(TextLines):
    """The text form. A message's source is the address that was connected last."""

    def __init__(self) -> None:
        """Before the first line."""
        super().__init__()
        self._address = ""

    def whole(self, line: bytes) -> bool:
        """Whether a last line without a line feed is whole all the same."""
        return line.endswith((b"}", b"]"))

    def record(self, line: bytes) -> Recorded | None:
        """What one line holds; None for what was sent, and for a connection."""
        found = _TEXT.fullmatch(line)
        if found is None:
            if line.startswith(_CONFIGURATION):
                return None
            raise InputError(f"line {self.lines} must be of cryptofeed's text form, was {line[:60]!r}")
        ts_ns, text, arrow = _ns(float(found["time"])), found["text"] or b"", found["arrow"]
        if arrow == b"->":
            return Recorded(ts_ns, None, What.REST, found["address"].decode(errors="replace"), text)
        if arrow == b"<->":
            self._address = found["address"].decode(errors="replace")
        return None if arrow else Recorded(ts_ns, None, What.MESSAGE, self._address, text)


class Bundle(TextLines):
    """Cryptofeed's bundle of one exchange: JSON objects by type `t`. A message's source is its connection's address."""

    def __init__(self) -> None:
        """Before the first line."""
        super().__init__()
        self._address_of: dict[str, str] = {}

    def whole(self, line: bytes) -> bool:
        """Whether a last line without a line feed is whole all the same."""
        try:
            json.loads(line)
        except ValueError:
            return False
        return True

    def record(self, line: bytes) -> Recorded | None:
        """What one line holds; None for what was sent, and for a connection."""
        try:
            entry = json.loads(line)
            kind = entry["t"]
            if kind == "header":
                self._known_exchange(entry.get("exchange"))
            if kind == "connect":
                self._address_of[str(entry.get("conn"))] = str(entry.get("addr", ""))
            if kind not in ("http", "recv"):
                return None
            text = entry["data"] if "data" in entry else base64.b64decode(entry["b64"])
            payload = text.encode() if isinstance(text, str) else unpacked(bytes(text))
            ts_ns = _ns(entry["ts"])
        except (ValueError, KeyError, TypeError, zlib.error) as why:
            raise InputError(f"line {self.lines} must be a cryptofeed record ({why!r}), was {line[:60]!r}") from None
        if kind == "http":
            return Recorded(ts_ns, None, What.REST, entry["url"], payload)
        return Recorded(ts_ns, None, What.MESSAGE, self._address_of.get(str(entry.get("conn")), ""), payload)

    def _known_exchange(self, exchange: object) -> None:
        if exchange not in _EXCHANGES:
            known = ", ".join(sorted(_EXCHANGES))
            raise InputError(f"exchange of the recording must be one of {known}, was {exchange}")
