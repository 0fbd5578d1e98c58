"""The dialects of the venues that only a document proves: Kraken's v2, Gate's futures, BitMEX, dYdX, Bitfinex; Lighter.

catalogue: M1. As `venue_dialects`, written from the documents that the decoders name.
"""

from __future__ import annotations

import re
import zlib
from decimal import Decimal
from typing import Any

from tests.venue_dialects import Asked, Dialect, Kraken, Kucoin, Levels, TextBook, Told, after, bare


class KrakenV2(Kraken):
    def read(self, message: Any) -> list[Told]:
        if message.get("channel") != "book":
            return []
        return [self._told(item, message["type"] == "snapshot") for item in message["data"]]

    def _told(self, item: Any, whole: bool) -> Told:
        bids, asks = ([(str(one["price"]), str(one["qty"])) for one in item[side]] for side in ("bids", "asks"))
        return Told(item["symbol"], whole, bids, asks)

    def _book(self, told: Told, book: TextBook) -> Any:
        def side(levels: Levels) -> list[dict[str, str]]:
            return [{"price": bare(price), "qty": bare(size)} for price, size in levels]

        texts = [text for name in ("asks", "bids") for level in book.best(name, 10) for text in level]
        total = zlib.crc32("".join(text.replace(".", "").lstrip("0") for text in texts).encode())
        item = {"symbol": told.symbol, "bids": side(told.bids), "asks": side(told.asks), "checksum": total}
        item["timestamp"] = "2026-08-09T21:05:48.000000Z"
        return {"channel": "book", "type": "snapshot" if told.snapshot else "update", "data": [item]}

    def whole(self, symbol: str, book: TextBook) -> Any:
        return self._book(Told(symbol, True, book.best("bids", 1000), book.best("asks", 1000)), book)

    def change(self, told: Told, before: TextBook) -> Any:
        return self._book(told, after(before, told))

    def asked(self, message: Any) -> Asked:
        word = message["method"]
        if word == "ping":
            return Asked([{"method": "pong"}])
        params = message["params"]
        book = params["channel"] == "book" and word == "subscribe"
        answers = [
            {"method": word, "success": True, "result": {**params, "symbol": symbol}} for symbol in params["symbol"]
        ]
        return Asked(answers, params["symbol"] if book else [])


class GateFutures(Dialect):
    rest = re.compile(r"/api/v4/futures/\w+/order_book\?contract=([^&]+)")

    def _side(self, levels: Levels) -> list[dict[str, str]]:
        return [{"p": price, "s": bare(size)} for price, size in levels]

    def whole(self, symbol: str, book: TextBook) -> Any:
        sides = {side: self._side(book.best(side)) for side in ("bids", "asks")}
        return {"id": book.number, "current": 1.5, "update": 1.5, **sides}

    def change(self, told: Told, before: TextBook) -> Any:
        sides = {"b": self._side(told.bids), "a": self._side(told.asks)}
        result = {"t": 1, "s": told.symbol, "U": before.number + 1, "u": told.last, **sides}
        return {"time": 1, "time_ms": 1, "channel": "futures.order_book_update", "event": "update", "result": result}

    def asked(self, message: Any) -> Asked:
        channel = message["channel"]
        if channel == "futures.ping":
            return Asked([{"time": 1, "channel": "futures.pong", "event": "", "result": None}])
        answer = {"channel": channel, "event": "subscribe", "error": None, "result": {"status": "success"}}
        return Asked([answer], message["payload"][:1] if channel == "futures.order_book_update" else [])


class KucoinFutures(Kucoin):
    rest = re.compile(r"/api/v1/level2/snapshot\?symbol=([^&]+)")
    stride = 1

    def whole(self, symbol: str, book: TextBook) -> Any:
        sides = {side: [[bare(price), bare(size)] for price, size in book.best(side)] for side in ("bids", "asks")}
        return {"code": "200000", "data": {"symbol": symbol, "sequence": book.number, "ts": 1, **sides}}

    def change(self, told: Told, before: TextBook) -> Any:
        side, [(price, size)] = ("buy", told.bids) if told.bids else ("sell", told.asks)
        data = {"sequence": told.last, "change": f"{price},{side},{size}", "timestamp": 1}
        topic = f"/contractMarket/level2:{told.symbol}"
        return {"type": "message", "topic": topic, "subject": "level2", "data": data}

    def asked(self, message: Any) -> Asked:
        asked = super().asked(message)
        topic, _, symbols = message.get("topic", "").partition(":")
        asked.books = symbols.split(",") if topic == "/contractMarket/level2" else []
        return asked


class Bitmex(Dialect):
    def _rows(self, told: Told, *, deleted: bool = False) -> list[dict[str, Any]]:
        rows = []
        for side, levels in (("Buy", told.bids), ("Sell", told.asks)):
            for price, size in levels:
                row = {"symbol": told.symbol, "id": int(Decimal(price) * 100), "side": side, "price": bare(price)}
                rows.append(row if deleted else {**row, "size": bare(size)})
        return rows

    def whole(self, symbol: str, book: TextBook) -> Any:
        rows = self._rows(Told(symbol, True, book.best("bids"), book.best("asks")))
        return {"table": "orderBookL2", "action": "partial", "filter": {"symbol": symbol}, "data": rows}

    def change(self, told: Told, before: TextBook) -> Any:
        (price, size), known = (told.bids or told.asks)[0], before.bids if told.bids else before.asks
        action = "delete" if not Decimal(size) else "update" if price in known else "insert"
        return {"table": "orderBookL2", "action": action, "data": self._rows(told, deleted=action == "delete")}

    def asked(self, message: Any) -> Asked:
        if message == "ping":
            return Asked(["pong"])
        word = message["op"]
        answers = [{"success": True, word: topic, "request": message} for topic in message["args"]]
        topics = [topic.partition(":") for topic in message["args"]]
        return Asked(answers, [name for table, _, name in topics if table == "orderBookL2" and word == "subscribe"])


class Dydx(Dialect):
    def _message(self, kind: str, symbol: str, contents: Any) -> Any:
        head = {"type": kind, "connection_id": "c", "message_id": 1, "id": symbol, "channel": "v4_orderbook"}
        return {**head, "version": "1.0.0", "contents": contents}

    def whole(self, symbol: str, book: TextBook) -> Any:
        sides = {side: [{"price": price, "size": size} for price, size in book.best(side)] for side in ("bids", "asks")}
        return self._message("subscribed", symbol, sides)

    def change(self, told: Told, before: TextBook) -> Any:
        return self._message("channel_data", told.symbol, {"bids": told.bids, "asks": told.asks})

    def asked(self, message: Any) -> Asked:
        book = message["channel"] == "v4_orderbook" and message["type"] == "subscribe"
        known = message["channel"] in ("v4_orderbook", "v4_trades", "v4_markets")
        answer = {"type": "connected", "connection_id": "c", "message_id": 0}
        return Asked([answer if known else {"type": "error", "message": "unknown"}], [message["id"]] if book else [])


class Bitfinex(Dialect):
    def _level(self, level: tuple[str, str], bid: bool) -> list[Any]:
        price, size = level
        gone = not Decimal(size)
        amount = "1" if gone else size
        return [bare(price), 0 if gone else 1, bare(amount if bid else f"-{amount}")]

    @staticmethod
    def _channel(symbol: str) -> int:
        return zlib.crc32(symbol.encode()) % 100_000

    def whole(self, symbol: str, book: TextBook) -> Any:
        levels = [self._level(level, side == "bids") for side in ("bids", "asks") for level in book.best(side)]
        return [self._channel(symbol), levels]

    def change(self, told: Told, before: TextBook) -> Any:
        level = self._level((told.bids or told.asks)[0], bool(told.bids))
        return [self._channel(told.symbol), level]

    def asked(self, message: Any) -> Asked:
        if message["event"] == "ping":
            return Asked([{"event": "pong", "cid": 1, "ts": 1}])
        if message["event"] == "conf":
            return Asked([{"event": "conf", "status": "OK", "flags": message["flags"]}])
        book = message["channel"] == "book"
        symbol = message["symbol"]
        number = self._channel(symbol if book else f"{message['channel']} {symbol}")
        return Asked([{**message, "event": "subscribed", "chanId": number}], [symbol] if book else [])


class Lighter(Dialect):
    def read(self, message: Any) -> list[Told]:
        kind, _, channel = str(message.get("type", "")).partition("/")
        if channel != "order_book":
            return []
        book = message["order_book"]
        bids, asks = ([(one["price"], one["size"]) for one in book[side]] for side in ("bids", "asks"))
        return [Told(message["channel"].partition(":")[2], kind == "subscribed", bids, asks, book["offset"])]

    def _push(self, kind: str, told: Told) -> Any:
        sides = {"asks": told.asks, "bids": told.bids}
        levels = {side: [{"price": price, "size": size} for price, size in sides[side]] for side in sides}
        book = {"code": 0, **levels, "offset": told.last}
        channel = f"order_book:{told.symbol}"
        return {"channel": channel, "offset": told.last, "order_book": book, "type": f"{kind}/order_book"}

    def whole(self, symbol: str, book: TextBook) -> Any:
        return self._push("subscribed", Told(symbol, True, book.best("bids"), book.best("asks"), book.number))

    def change(self, told: Told, before: TextBook) -> Any:
        return self._push("update", told)

    def asked(self, message: Any) -> Asked:
        if message["type"] in ("ping", "pong"):
            return Asked([{"type": "pong"}] if message["type"] == "ping" else [])
        channel, _, symbol = message["channel"].partition("/")
        if channel == "order_book":
            return Asked([{"type": "ping"}], [symbol] if message["type"] == "subscribe" else [])
        states: dict[str, dict[str, Any]] = {"trade": {"trades": []}, "market_stats": {"market_stats": {}}}
        return Asked([{"type": f"subscribed/{channel}", "channel": f"{channel}:{symbol}", **states[channel]}])


MORE: dict[str, Dialect] = {
    "kraken-spot-v2": KrakenV2(),
    "kucoin-futures": KucoinFutures(),
    "gate-linear": GateFutures(),
    "gate-inverse": GateFutures(),
    "bitmex": Bitmex(),
    "dydx": Dydx(),
    "bitfinex": Bitfinex(),
    "lighter": Lighter(),
}
