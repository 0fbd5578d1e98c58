"""How each venue writes books and answers: the other side of `feeds.venue`, written apart from it and the decoders.

catalogue: M1. A dialect reads the book messages of a recording into texts, writes a whole book or a change of one, and
answers what a client sends. The shapes are those of the recordings under ../shared/data and of the venues' documents.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from native._core import InputError

Levels = list[tuple[str, str]]


@dataclass
class TextBook:
    """A book as texts: price to size, and the number that it is at."""

    bids: dict[str, str] = field(default_factory=dict)
    asks: dict[str, str] = field(default_factory=dict)
    number: int = 0

    def apply(self, told: Told) -> None:
        if told.snapshot:
            self.bids, self.asks = {}, {}
        for side, levels in ((self.bids, told.bids), (self.asks, told.asks)):
            for price, size in levels:
                if Decimal(size):
                    side[price] = size
                else:
                    side.pop(price, None)
        self.number = told.last

    def best(self, side: str, count: int = 10_000) -> Levels:
        levels = self.bids if side == "bids" else self.asks
        return sorted(levels.items(), key=lambda level: Decimal(level[0]), reverse=side == "bids")[:count]

    def keep(self, count: int) -> None:
        self.bids, self.asks = dict(self.best("bids", count)), dict(self.best("asks", count))


@dataclass
class Told:
    """A book message: what it says of a symbol, and the number it ends with."""

    symbol: str
    snapshot: bool
    bids: Levels
    asks: Levels
    last: int = 0


@dataclass
class Asked:
    """What a client's message wants: answers, and the symbols whose books it subscribes to."""

    answers: list[Any] = field(default_factory=list)
    books: list[str] = field(default_factory=list)


def bare(text: str) -> str:
    """A number that is to stand without quotes."""
    return f"~{text}~"


def packed(message: Any) -> bytes:
    """A message as bytes; a text goes as it is."""
    if isinstance(message, str):
        return message.encode()
    return re.sub(rb'"~([^"]*)~"', rb"\1", json.dumps(message, separators=(",", ":")).encode())


def unpacked(payload: bytes) -> Any:
    """JSON with fractions as their texts."""
    return json.loads(payload, parse_float=str)


def pairs(levels: Any) -> Levels:
    return [(str(level[0]), str(level[1])) for level in levels]


class Dialect:
    """One venue's. A whole book is asked for over REST where `rest` matches the request."""

    rest: re.Pattern[str] | None = None
    #: By how much the number of a book grows with a change, where it has one.
    stride = 1
    #: Levels a side that the venue shows.
    shown = 10_000

    def read(self, message: Any) -> list[Told]:
        raise InputError(f"message must be read by a venue's dialect, was {message}")

    def whole(self, symbol: str, book: TextBook) -> Any:
        """The whole book at its number."""
        raise InputError(f"symbol must be of a venue that streams whole books, was {symbol} at {book.number}")

    def change(self, told: Told, before: TextBook) -> Any:
        """A change that takes a book from `before` to `told.last`."""
        raise InputError(f"change must be of a venue's dialect, was {told} after {before.number}")

    def body(self, message: Any) -> Told:
        """What a REST book says."""
        raise InputError(f"body must be of a venue that gives books over REST, was {message}")

    def asked(self, message: Any) -> Asked:
        """What a client's message wants. KeyError or InputError for one that the venue would not understand."""
        raise InputError(f"message must be one that the venue knows, was {message}")

    def stamp(self, payload: bytes, place: int) -> bytes:
        """The message as the one at `place` of its connection."""
        return payload

    def settle(self, book: TextBook) -> None:
        """Takes from a book what the venue does not keep."""


def turn_sum(book: TextBook) -> int:
    """OKX's and Bitget's checksum: the best 25 levels of both sides in turn, as a signed number."""
    bids, asks = book.best("bids", 25), book.best("asks", 25)
    texts = [text for at in range(25) for side in (bids, asks) for text in (side[at] if at < len(side) else ())]
    found = zlib.crc32(":".join(texts).encode())
    return found - (1 << 32) if found >= 1 << 31 else found


def after(before: TextBook, told: Told) -> TextBook:
    book = TextBook(dict(before.bids), dict(before.asks), before.number)
    book.apply(told)
    return book


class Okx(Dialect):
    stride = 5

    def read(self, message: Any) -> list[Told]:
        if not isinstance(message, dict) or message.get("arg", {}).get("channel") != "books" or "data" not in message:
            return []
        symbol, whole = message["arg"]["instId"], message["action"] == "snapshot"
        return [
            Told(symbol, whole, pairs(item["bids"]), pairs(item["asks"]), int(item.get("seqId", 0)))
            for item in message["data"]
        ]

    def _push(self, symbol: str, action: str, bids: Levels, asks: Levels, more: dict[str, Any]) -> Any:
        item = {
            "asks": [[*level, "0", "1"] for level in asks],
            "bids": [[*level, "0", "1"] for level in bids],
            "ts": "1",
            **more,
        }
        return {"arg": {"channel": "books", "instId": symbol}, "action": action, "data": [item]}

    def whole(self, symbol: str, book: TextBook) -> Any:
        ids = {"seqId": book.number, "prevSeqId": -1} if book.number else {}
        more = {"checksum": turn_sum(book), **ids}
        return self._push(symbol, "snapshot", book.best("bids"), book.best("asks"), more)

    def change(self, told: Told, before: TextBook) -> Any:
        ids = {"seqId": told.last, "prevSeqId": before.number} if told.last else {}
        return self._push(
            told.symbol, "update", told.bids, told.asks, {"checksum": turn_sum(after(before, told)), **ids}
        )

    def asked(self, message: Any) -> Asked:
        if message == "ping":
            return Asked(["pong"])
        word = message["op"]
        answers = [{"event": word, "arg": arg} for arg in message["args"]]
        books = [arg["instId"] for arg in message["args"] if arg["channel"] == "books" and word == "subscribe"]
        return Asked(answers, books)


class Bybit(Dialect):
    def read(self, message: Any) -> list[Told]:
        if not str(message.get("topic", "")).startswith("orderbook."):
            return []
        data = message["data"]
        return [Told(data["s"], message["type"] == "snapshot", pairs(data["b"]), pairs(data["a"]), data["u"])]

    def _push(self, kind: str, told: Told) -> Any:
        data = {"s": told.symbol, "b": told.bids, "a": told.asks, "u": told.last, "seq": told.last}
        return {"topic": f"orderbook.200.{told.symbol}", "type": kind, "ts": 1, "data": data, "cts": 1}

    def whole(self, symbol: str, book: TextBook) -> Any:
        return self._push("snapshot", Told(symbol, True, book.best("bids"), book.best("asks"), book.number))

    def change(self, told: Told, before: TextBook) -> Any:
        return self._push("delta", told)

    def asked(self, message: Any) -> Asked:
        word = message["op"]
        if word == "ping":
            return Asked([{"success": True, "ret_msg": "pong", "op": "ping"}])
        books = [arg.removeprefix("orderbook.200.") for arg in message["args"] if arg.startswith("orderbook.200.")]
        return Asked([{"success": True, "ret_msg": "", "op": word}], books if word == "subscribe" else [])


class Coinbase(Dialect):
    def read(self, message: Any) -> list[Told]:
        if message.get("channel") != "l2_data":
            return []
        return [
            Told(
                event["product_id"],
                event["type"] == "snapshot",
                [(one["price_level"], one["new_quantity"]) for one in event["updates"] if one["side"] == "bid"],
                [(one["price_level"], one["new_quantity"]) for one in event["updates"] if one["side"] != "bid"],
            )
            for event in message["events"]
        ]

    def _push(self, told: Told) -> Any:
        sides = (("bid", told.bids), ("offer", told.asks))
        updates = [
            {"side": side, "event_time": "2026-08-09T21:05:48Z", "price_level": price, "new_quantity": size}
            for side, levels in sides
            for price, size in levels
        ]
        event = {"type": "snapshot" if told.snapshot else "update", "product_id": told.symbol, "updates": updates}
        return {"channel": "l2_data", "timestamp": "2026-08-09T21:05:48Z", "sequence_num": 0, "events": [event]}

    def whole(self, symbol: str, book: TextBook) -> Any:
        return self._push(Told(symbol, True, book.best("bids"), book.best("asks")))

    def change(self, told: Told, before: TextBook) -> Any:
        return self._push(told)

    def asked(self, message: Any) -> Asked:
        known = message["channel"] in ("level2", "market_trades", "ticker", "heartbeats", "candles")
        books = message["product_ids"] if message["channel"] == "level2" and message["type"] == "subscribe" else []
        answer = {"channel": "subscriptions", "sequence_num": 0, "events": []}
        return Asked([answer if known else {"type": "error", "message": "unknown channel"}], books)

    def stamp(self, payload: bytes, place: int) -> bytes:
        return re.sub(rb'"sequence_num":\d+', b'"sequence_num":%d' % place, payload, count=1)


class Kraken(Dialect):
    depth = 1000

    def read(self, message: Any) -> list[Told]:
        if not isinstance(message, list) or not message[-2].startswith("book-"):
            return []
        parts: dict[str, Any] = {}
        for part in message[1:-2]:
            parts |= part
        whole = "as" in parts
        bids, asks = (parts.get("bs", []), parts.get("as", [])) if whole else (parts.get("b", []), parts.get("a", []))
        return [Told(message[-1], whole, pairs(bids), pairs(asks))]

    def settle(self, book: TextBook) -> None:
        book.keep(self.depth)

    def _levels(self, levels: Levels) -> list[list[str]]:
        return [[price, size, "1618678132.835000"] for price, size in levels]

    def whole(self, symbol: str, book: TextBook) -> Any:
        sides = {"as": self._levels(book.best("asks", 1000)), "bs": self._levels(book.best("bids", 1000))}
        return [1, sides, "book-1000", symbol]

    def change(self, told: Told, before: TextBook) -> Any:
        book = after(before, told)
        texts = [text for side in ("asks", "bids") for level in book.best(side, 10) for text in level]
        total = zlib.crc32("".join(text.replace(".", "").lstrip("0") for text in texts).encode())
        sides = [{"a": self._levels(told.asks)}, {"b": self._levels(told.bids)}]
        parts: list[dict[str, Any]] = [side for side in sides if next(iter(side.values()))]
        parts[-1]["c"] = str(total)
        return [1, *parts, "book-1000", told.symbol]

    def asked(self, message: Any) -> Asked:
        word = message["event"]
        if word == "ping":
            return Asked([{"event": "pong", "reqid": message["reqid"]}])
        name = message["subscription"]["name"]
        answer = {"event": "subscriptionStatus", "status": f"{word}d", "subscription": message["subscription"]}
        return Asked([answer], message["pair"] if name == "book" and word == "subscribe" else [])


class KrakenFutures(Dialect):
    def read(self, message: Any) -> list[Told]:
        feed = message.get("feed")
        if message.get("event") or feed not in ("book", "book_snapshot"):
            return []
        symbol, number = message["product_id"], int(message["seq"])
        if feed == "book_snapshot":
            bids, asks = ([(str(one["price"]), str(one["qty"])) for one in message[s]] for s in ("bids", "asks"))
            return [Told(symbol, True, bids, asks, number)]
        level = [(str(message["price"]), str(message["qty"]))]
        bid = message["side"] == "buy"
        return [Told(symbol, False, level if bid else [], [] if bid else level, number)]

    def whole(self, symbol: str, book: TextBook) -> Any:
        def side(name: str) -> list[dict[str, str]]:
            return [{"price": bare(price), "qty": bare(size)} for price, size in book.best(name)]

        head = {"feed": "book_snapshot", "product_id": symbol, "timestamp": 1, "seq": book.number}
        return {**head, "bids": side("bids"), "asks": side("asks")}

    def change(self, told: Told, before: TextBook) -> Any:
        side, [(price, size)] = ("buy", told.bids) if told.bids else ("sell", told.asks)
        head = {"feed": "book", "product_id": told.symbol, "side": side, "seq": told.last, "timestamp": 1}
        return {**head, "price": bare(price), "qty": bare(size)}

    def asked(self, message: Any) -> Asked:
        word, feed = message["event"], message["feed"]
        answer = {"event": f"{word}d", "feed": feed, "product_ids": message.get("product_ids")}
        return Asked([answer], message["product_ids"] if feed == "book" and word == "subscribe" else [])


class Deribit(Dialect):
    stride = 3

    def read(self, message: Any) -> list[Told]:
        params = message.get("params", {})
        if not str(params.get("channel", "")).startswith("book."):
            return []
        data = params["data"]
        bids, asks = (
            [(str(one[1]), "0" if one[0] == "delete" else str(one[2])) for one in data[side]]
            for side in ("bids", "asks")
        )
        return [Told(data["instrument_name"], data["type"] == "snapshot", bids, asks, data["change_id"])]

    def _push(self, told: Told, previous: int | None) -> Any:
        def side(levels: Levels) -> list[list[str]]:
            return [[("new" if Decimal(size) else "delete"), bare(price), bare(size)] for price, size in levels]

        data = {
            "type": "snapshot" if told.snapshot else "change",
            "timestamp": 1,
            "instrument_name": told.symbol,
            "change_id": told.last,
            "bids": side(told.bids),
            "asks": side(told.asks),
        }
        if previous is not None:
            data["prev_change_id"] = previous
        params = {"channel": f"book.{told.symbol}.100ms", "data": data}
        return {"jsonrpc": "2.0", "method": "subscription", "params": params}

    def whole(self, symbol: str, book: TextBook) -> Any:
        return self._push(Told(symbol, True, book.best("bids"), book.best("asks"), book.number), None)

    def change(self, told: Told, before: TextBook) -> Any:
        return self._push(told, before.number)

    def asked(self, message: Any) -> Asked:
        method = message["method"].removeprefix("public/")
        channels = message["params"].get("channels", [])
        books = [name[len("book.") : -len(".100ms")] for name in channels if name.startswith("book.")]
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": channels if channels else "ok"}
        wants = {"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": "test_request"}}
        return Asked([answer, *([wants] if method == "set_heartbeat" else [])], books if method == "subscribe" else [])


class Bitstamp(Dialect):
    rest = re.compile(r"/api/v2/order_book/([\w-]+)")

    def read(self, message: Any) -> list[Told]:
        symbol = str(message.get("channel", "")).removeprefix("diff_order_book_")
        if message.get("event") != "data" or symbol == message.get("channel"):
            return []
        data = message["data"]
        return [Told(symbol, False, pairs(data["bids"]), pairs(data["asks"]), int(data["microtimestamp"]))]

    def body(self, message: Any) -> Told:
        return Told("", True, pairs(message["bids"]), pairs(message["asks"]), int(message["microtimestamp"]))

    def whole(self, symbol: str, book: TextBook) -> Any:
        sides = {side: book.best(side) for side in ("bids", "asks")}
        return {"timestamp": "1", "microtimestamp": str(book.number), **sides}

    def change(self, told: Told, before: TextBook) -> Any:
        data = {"microtimestamp": str(told.last), "bids": told.bids, "asks": told.asks}
        return {"event": "data", "channel": f"diff_order_book_{told.symbol}", "data": data}

    def asked(self, message: Any) -> Asked:
        if message["event"] == "bts:heartbeat":
            return Asked([{"event": "bts:heartbeat", "channel": "", "data": {"status": "success"}}])
        channel = message["data"]["channel"]
        symbol = channel.removeprefix("diff_order_book_")
        answer = {"event": "bts:subscription_succeeded", "channel": channel, "data": {}}
        return Asked([answer], [symbol] if symbol != channel else [])


class Kucoin(Dialect):
    rest = re.compile(r"/api/v\d/market/orderbook/level2(?:_100)?\?symbol=([^&]+)")
    stride = 2

    def read(self, message: Any) -> list[Told]:
        if not str(message.get("topic", "")).startswith("/market/level2:"):
            return []
        data = message["data"]
        changes = data["changes"]
        bids, asks = ([(one[0], one[1]) for one in changes[side] if Decimal(one[0])] for side in ("bids", "asks"))
        return [Told(data["symbol"], False, bids, asks, int(data["sequenceEnd"]))]

    def body(self, message: Any) -> Told:
        data = message["data"]
        return Told("", True, pairs(data["bids"]), pairs(data["asks"]), int(data["sequence"]))

    def whole(self, symbol: str, book: TextBook) -> Any:
        sides = {side: book.best(side) for side in ("bids", "asks")}
        return {"code": "200000", "data": {"time": 1, "sequence": str(book.number), **sides}}

    def change(self, told: Told, before: TextBook) -> Any:
        changes = {
            side: [[price, size, str(told.last)] for price, size in levels]
            for side, levels in (("bids", told.bids), ("asks", told.asks))
        }
        data = {"symbol": told.symbol, "sequenceStart": before.number + 1, "sequenceEnd": told.last, "changes": changes}
        return {"type": "message", "topic": f"/market/level2:{told.symbol}", "subject": "trade.l2update", "data": data}

    def asked(self, message: Any) -> Asked:
        if message["type"] == "ping":
            return Asked([{"id": message["id"], "type": "pong"}])
        topic, _, symbols = message["topic"].partition(":")
        books = symbols.split(",") if topic == "/market/level2" else []
        return Asked([{"id": str(message["id"]), "type": "ack"}], books)


class Bitget(Dialect):
    """v2; a book without a number is of v1's recordings, and goes out as v2 did at first: with a checksum alone."""

    stride = 7

    def __init__(self, spot: bool) -> None:
        self.spot = spot

    def read(self, message: Any) -> list[Told]:
        if not isinstance(message, dict) or "data" not in message or message["arg"]["channel"] != "books":
            return []
        symbol, whole = message["arg"]["instId"], message["action"] == "snapshot"
        return [Told(symbol, whole, pairs(item["bids"]), pairs(item["asks"])) for item in message["data"]]

    def _push(self, told: Told, book: TextBook, previous: int) -> Any:
        numbers = {"ts": "1", "seq": told.last, "pseq": previous}
        more = numbers if told.last else {"checksum": 0 if told.snapshot else turn_sum(book), "ts": "1"}
        arg = {"instType": "SPOT" if self.spot else "USDT-FUTURES", "channel": "books", "instId": told.symbol}
        item = {"asks": told.asks, "bids": told.bids, **more}
        return {"action": "snapshot" if told.snapshot else "update", "arg": arg, "data": [item], "ts": 1}

    def whole(self, symbol: str, book: TextBook) -> Any:
        return self._push(Told(symbol, True, book.best("bids"), book.best("asks"), book.number), book, 0)

    def change(self, told: Told, before: TextBook) -> Any:
        return self._push(told, after(before, told), before.number)

    def asked(self, message: Any) -> Asked:
        if message == "ping":
            return Asked(["pong"])
        word = message["op"]
        known = {"SPOT"} if self.spot else {"USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES"}
        if wrong := [arg for arg in message["args"] if arg["instType"] not in known]:
            raise InputError(f"instType must be of this connection, was {wrong}")
        books = [arg["instId"] for arg in message["args"] if arg["channel"] == "books" and word == "subscribe"]
        return Asked([{"event": word, "arg": arg} for arg in message["args"]], books)


class Hyperliquid(Dialect):
    shown = 20

    def read(self, message: Any) -> list[Told]:
        if message.get("channel") != "l2Book":
            return []
        data = message["data"]
        bids, asks = ([(one["px"], one["sz"]) for one in side] for side in data["levels"])
        return [Told(data["coin"], True, bids, asks, data["time"])]

    def whole(self, symbol: str, book: TextBook) -> Any:
        levels = [[{"px": p, "sz": s, "n": 1} for p, s in book.best(side, 20)] for side in ("bids", "asks")]
        return {"channel": "l2Book", "data": {"coin": symbol, "time": book.number, "levels": levels}}

    def change(self, told: Told, before: TextBook) -> Any:
        return self.whole(told.symbol, after(before, told))

    def asked(self, message: Any) -> Asked:
        if message["method"] == "ping":
            return Asked([{"channel": "pong"}])
        wanted = message["subscription"]
        answer = {"channel": "subscriptionResponse", "data": message}
        return Asked(
            [answer], [wanted["coin"]] if wanted["type"] == "l2Book" and message["method"] != "unsubscribe" else []
        )


class Htx(Dialect):
    shown = 150

    def read(self, message: Any) -> list[Told]:
        channel = str(message.get("ch", ""))
        if not channel.endswith(".depth.step0"):
            return []
        tick = message["tick"]
        return [Told(channel.split(".")[1], True, pairs(tick["bids"]), pairs(tick["asks"]), tick["mrid"])]

    def whole(self, symbol: str, book: TextBook) -> Any:
        sides = {side: [[bare(p), bare(s)] for p, s in book.best(side, 150)] for side in ("bids", "asks")}
        tick = {"mrid": book.number, "id": 1, "ts": 1, "version": 1, **sides}
        return {"ch": f"market.{symbol}.depth.step0", "ts": 1, "tick": tick}

    def change(self, told: Told, before: TextBook) -> Any:
        return self.whole(told.symbol, after(before, told))

    def asked(self, message: Any) -> Asked:
        if "pong" in message:
            return Asked()
        name = message.get("sub") or message["unsub"]
        answer = {"id": message["id"], "status": "ok", "subbed" if "sub" in message else "unsubbed": name, "ts": 1}
        book = "sub" in message and name.endswith(".depth.step0")
        return Asked([answer, {"ping": 7}], [name.split(".")[1]] if book else [])

    def stamp(self, payload: bytes, place: int) -> bytes:
        return gzip.compress(payload, 1)


class Gate(Dialect):
    rest = re.compile(r"/api/v4/spot/order_book\?currency_pair=([^&]+)")

    def read(self, message: Any) -> list[Told]:
        if message.get("channel") != "spot.order_book_update" or message.get("event") != "update":
            return []
        told = message["result"]
        return [Told(told["s"], False, pairs(told["b"]), pairs(told["a"]), told["u"])]

    def whole(self, symbol: str, book: TextBook) -> Any:
        sides = {side: book.best(side) for side in ("bids", "asks")}
        return {"id": book.number, "current": 1, "update": 1, **sides}

    def change(self, told: Told, before: TextBook) -> Any:
        result = {"t": 1, "s": told.symbol, "U": before.number + 1, "u": told.last, "b": told.bids, "a": told.asks}
        return {"time": 1, "channel": "spot.order_book_update", "event": "update", "result": result}

    def asked(self, message: Any) -> Asked:
        channel = message["channel"]
        if channel == "spot.ping":
            return Asked([{"time": 1, "channel": "spot.pong", "event": "", "error": None, "result": None}])
        answer = {"channel": channel, "event": "subscribe", "error": None, "result": {"status": "success"}}
        return Asked([answer], message["payload"][:1] if channel == "spot.order_book_update" else [])


DIALECTS: dict[str, Dialect] = {
    "okx": Okx(),
    "bybit-linear": Bybit(),
    "bybit-spot": Bybit(),
    "coinbase": Coinbase(),
    "kraken-spot": Kraken(),
    "kraken-futures": KrakenFutures(),
    "deribit": Deribit(),
    "bitstamp": Bitstamp(),
    "kucoin-spot": Kucoin(),
    "bitget-spot-v2": Bitget(spot=True),
    "bitget-mix-v2": Bitget(spot=False),
    "hyperliquid": Hyperliquid(),
    "htx-linear": Htx(),
    "htx-inverse": Htx(),
    "gate-spot": Gate(),
}
