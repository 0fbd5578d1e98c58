"""HTX (Huobi) swap market data: whole books and trades in gzip frames, on a socket for each margin; funding rates on a
second one, mark and index prices on a third.

catalogue: M1. <https://www.htx.com/en-us/opend/newApiPages/?id=28c33ab2-77ae-11ed-9966-0242ac110003>: the server pings
every 5 s and closes the connection after two that are not answered; 30 connections from one address.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from feeds.venue.spec import ACCEPTED, RECONNECT, Control, Endpoints, Means, Venue, frame, refused

#: A frame that unpacks to more than this is damage or an attack; HTX's books have some kB.
FRAME_BYTES_MAX = 16 * 1024 * 1024
_TOPICS = (
    "market.{}.depth.step0",
    "market.{}.trade.detail",
    "market.{}.bbo",
    "market.{}.detail",
    "market.{}.kline.1min",
)
#: On the index socket, which is the same for both margins: bars, of which the last price is the price now.
_INDEX_TOPICS = ("market.{}.mark_price.1min", "market.{}.index.1min")


class Htx(Venue):
    """HTX's `depth.step0`, `trade.detail`, `bbo`, `detail` (the day's figures) and klines of a minute.

    Each book is whole, so that a lost one is made good by the next.
    """

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message a topic and contract, numbered."""
        return _numbered(_TOPICS, symbols)

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """A new subscription begins with the present book."""
        name = _TOPICS[0].format(symbol)
        return [frame({word: name, "id": name}) for word in ("unsub", "sub")]

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """A ping wants its own number back."""
        if "ping" in message:
            return Control(Means.ANSWER, frame({"pong": message["ping"]}).decode())
        if message.get("status") == "error":
            return refused(message.get("err-msg"))
        return ACCEPTED if "subbed" in message else None

    def unpack(self, payload: bytes) -> bytes:
        """Gzip's text."""
        return unpacked(payload)


class HtxIndex(Htx):
    """HTX's mark and index prices, on a socket of their own."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message a topic and contract, numbered."""
        return _numbered(_INDEX_TOPICS, symbols)

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """There is none."""
        return []


class HtxNotices(Htx):
    """HTX's notifications: the funding rates, on a socket of their own, where `op` says what a message is."""

    def subscribe(self, symbols: Sequence[str], utc_s: int) -> list[bytes]:
        """A message a contract."""
        topics = [f"public.{symbol}.funding_rate" for symbol in symbols]
        return [frame({"op": "sub", "cid": topic, "topic": topic}) for topic in topics]

    def book_again(self, symbol: str, utc_s: int) -> list[bytes]:
        """There is none."""
        return []

    def control(self, message: Mapping[str, Any]) -> Control | None:
        """A ping wants its own time back."""
        match message.get("op"):
            case "ping":
                return Control(Means.ANSWER, frame({"op": "pong", "ts": message.get("ts")}).decode())
            case "error":
                return refused(message.get("err-msg"))
            case "sub":
                return refused(message.get("err-msg")) if message.get("err-code") else ACCEPTED
            case "close":
                return RECONNECT
        return None


def _numbered(topics: Sequence[str], symbols: Sequence[str]) -> list[bytes]:
    names = [topic.format(symbol) for topic in topics for symbol in symbols]
    return [frame({"sub": name, "id": str(at)}) for at, name in enumerate(names, start=1)]


def unpacked(payload: bytes) -> bytes:
    """A frame's text: gzip, or as it is. ValueError for one that is cut or too long, zlib.error for a damaged one."""
    if not payload.startswith(b"\x1f\x8b"):
        return payload
    unpack = zlib.decompressobj(31)
    text = unpack.decompress(payload, FRAME_BYTES_MAX)
    if not unpack.eof:
        raise ValueError(f"frame must be gzip of at most {FRAME_BYTES_MAX} bytes, was cut or longer")
    return text


def _connection(name: str, path: str) -> Htx:
    production = Endpoints("https://api.hbdm.com", "wss://api.hbdm.com")
    notices = HtxNotices(
        feed=name, production=production, path=f"{path.removesuffix('-ws')}-notification", symbols_max=50, bookless=True
    )
    index = HtxIndex(feed=name, production=production, path="/ws_index", stale_s=15.0, symbols_max=50, bookless=True)
    return Htx(feed=name, production=production, path=path, stale_s=15.0, symbols_max=50, figures=(notices, index))


HTX_LINEAR = _connection("htx-linear", "/linear-swap-ws")
HTX_INVERSE = _connection("htx-inverse", "/swap-ws")
