"""Venues of single orders on loopback: they keep their own orders, tell each change, and lose some where it is wanted.

catalogue: M1, M2, M3. Whole books over REST are of the moment of the request and answered later, so that changes
overtake them. The shapes are those of the venues' documents, written apart from our sessions and decoders.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import random
import re
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from feeds.venue.spec import Endpoints

#: Side (0 bid, 1 ask), price, size.
Order = tuple[int, str, str]
#: What happens to an order: `created`, `changed`, `deleted`.
Step = tuple[str, int, Order]
_BEGAN_US = 1_777_000_000_000_000


@dataclass
class Talk:
    """One connection: what it hears, and the numbers of its messages."""

    symbols: list[str] = field(default_factory=list)
    sent: int = 0


class BitstampOrders:
    """Nothing is numbered; every message has its time in microseconds."""

    feed, symbol = "bitstamp-orders", "btcusd"
    rest: re.Pattern[str] | None = re.compile(r"/api/v2/order_book/(\w+)/\?group=2")

    def asked(self, frame: Any, talk: Talk) -> list[Any]:
        if frame["event"] == "bts:heartbeat":
            return [{"event": "bts:heartbeat", "channel": "", "data": {"status": "success"}}]
        channel = frame["data"]["channel"]
        if channel.startswith("live_orders_"):
            talk.symbols.append(channel.removeprefix("live_orders_"))
        return [{"event": "bts:subscription_succeeded", "channel": channel, "data": {}}]

    def step(self, symbol: str, step: Step, at: int, talk: Talk) -> Any:
        word, order, (side, price, size) = step
        data = {"id": order, "id_str": str(order), "order_type": side, "amount": float(size), "amount_str": size}
        data |= {
            "price": float(price),
            "price_str": price,
            "microtimestamp": str(_BEGAN_US + at),
            "datetime": "1777000000",
        }
        return {"data": data, "channel": f"live_orders_{symbol}", "event": f"order_{word}"}

    def whole(self, symbol: str, orders: dict[int, Order], at: int, talk: Talk | None) -> Any:
        sides = [
            [[price, size, str(order)] for order, (of, price, size) in orders.items() if of == side] for side in (0, 1)
        ]
        return {"timestamp": "1777000000", "microtimestamp": str(_BEGAN_US + at), "bids": sides[0], "asks": sides[1]}


class BitfinexOrders:
    """Every message of a connection is numbered; the whole book begins a channel."""

    feed, symbol = "bitfinex-orders", "tBTCUSD"
    rest: re.Pattern[str] | None = None

    def asked(self, frame: Any, talk: Talk) -> list[Any]:
        if frame["event"] != "subscribe":
            return [
                {"event": "conf", "status": "OK"} if frame["event"] == "conf" else {"event": "pong", "ts": 1, "cid": 1}
            ]
        assert (frame["prec"], frame["channel"]) == ("R0", "book")
        talk.symbols.append(frame["symbol"])
        named = {name: frame[name] for name in ("channel", "symbol", "prec", "freq", "len")}
        return [{"event": "subscribed", "chanId": 40 + len(talk.symbols), **named}]

    def step(self, symbol: str, step: Step, at: int, talk: Talk) -> Any:
        word, order, (side, price, size) = step
        told = [order, "0" if word == "deleted" else price, size if side == 0 else f"-{size}"]
        return self._numbered([41 + talk.symbols.index(symbol), told], talk)

    def whole(self, symbol: str, orders: dict[int, Order], at: int, talk: Talk | None) -> Any:
        assert talk is not None
        told = [[order, price, size if side == 0 else f"-{size}"] for order, (side, price, size) in orders.items()]
        return self._numbered([41 + talk.symbols.index(symbol), told], talk)

    def _numbered(self, message: list[Any], talk: Talk) -> Any:
        talk.sent += 1
        return [*message, talk.sent]


class IndependentReserve:
    """A currency's messages are numbered, and its orders are priced in several moneys at once."""

    feed, symbol = "independent-reserve", "eth-aud"
    rest: re.Pattern[str] | None = re.compile(
        r"/Public/GetAllOrders\?primaryCurrencyCode=(\w+)&secondaryCurrencyCode=(\w+)"
    )

    def asked(self, frame: Any, talk: Talk) -> list[Any]:
        talk.symbols += [f"{channel.removeprefix('orderbook-')}-aud" for channel in frame["Data"]]
        return [{"Event": "Subscriptions", "Data": frame["Data"], "Time": 1}, {"Event": "Heartbeat", "Time": 1}]

    def step(self, symbol: str, step: Step, at: int, talk: Talk) -> Any:
        word, order, (side, price, size) = step
        data: dict[str, Any] = {"OrderType": ("LimitBid", "LimitOffer")[side], "OrderGuid": str(UUID(int=order))}
        if word == "created":
            data["Price"] = {"aud": float(price), "usd": round(float(price) * 0.66, 2)}
        if word != "deleted":
            data["Volume"] = float(size)
        event = {"created": "NewOrder", "changed": "OrderChanged", "deleted": "OrderCanceled"}[word]
        channel = f"orderbook-{symbol.partition('-')[0]}"
        return {"Channel": channel, "Nonce": at, "Data": data, "Time": (_BEGAN_US + 1000 * at) // 1000, "Event": event}

    def whole(self, symbol: str, orders: dict[int, Order], at: int, talk: Talk | None) -> Any:
        sides = [
            [
                {"Guid": str(UUID(int=order)), "Price": float(price), "Volume": float(size)}
                for order, (of, price, size) in orders.items()
                if of == side
            ]
            for side in (0, 1)
        ]
        made = f"2026-04-24T03:06:{40 + at // 1000:02d}.{at % 1000:03d}Z"
        return {"BuyOrders": sides[0], "SellOrders": sides[1], "CreatedTimestampUtc": made}


class CoinbaseOrders:
    """A product's messages are numbered; the whole book names the last of them. Subscriptions are signed."""

    feed, symbol = "coinbase-orders", "ETH-USD"
    rest: re.Pattern[str] | None = re.compile(r"/products/([\w-]+)/book\?level=3")
    secrets: ClassVar = {
        "COINBASE_API_KEY": "key",
        "COINBASE_API_SECRET": base64.b64encode(b"secret of nobody").decode(),
        "COINBASE_API_PASSPHRASE": "words",
    }

    def asked(self, frame: Any, talk: Talk) -> list[Any]:
        text = f"{frame['timestamp']}GET/users/self/verify".encode()
        expected = base64.b64encode(hmac.new(b"secret of nobody", text, "sha256").digest()).decode()
        if (frame["key"], frame["passphrase"], frame["signature"]) != ("key", "words", expected):
            return [{"type": "error", "message": "Authentication Failed", "reason": "invalid signature"}]
        assert (frame["type"], frame["channels"]) == ("subscribe", ["full", "heartbeat"])
        talk.symbols += frame["product_ids"]
        return [{"type": "subscriptions", "channels": [{"name": "full", "product_ids": frame["product_ids"]}]}]

    def step(self, symbol: str, step: Step, at: int, talk: Talk) -> Any:
        word, order, (side, price, size) = step
        kind, more = {
            "created": ("open", {"price": price, "remaining_size": size}),
            "changed": ("change", {"reason": "STP", "price": price, "new_size": size, "old_size": "9"}),
            "deleted": ("done", {"reason": "canceled", "price": price, "remaining_size": size}),
        }[word]
        head = {"type": kind, "time": "2026-09-25T10:00:00.000001Z", "product_id": symbol, "sequence": at}
        return {**head, "order_id": str(UUID(int=order)), "side": ("buy", "sell")[side], **more}

    def whole(self, symbol: str, orders: dict[int, Order], at: int, talk: Talk | None) -> Any:
        sides = [
            [[price, size, str(UUID(int=order))] for order, (of, price, size) in orders.items() if of == side]
            for side in (0, 1)
        ]
        return {"sequence": at, "bids": sides[0], "asks": sides[1], "auction_mode": False}


class KrakenOrders:
    """Nothing is numbered; each message has the checksum of the book, and each subscription a token."""

    feed, symbol = "kraken-orders", "ETH/USD"
    rest: re.Pattern[str] | None = None
    secrets: ClassVar = {"KRAKEN_API_KEY": "key", "KRAKEN_API_SECRET": base64.b64encode(b"nobody's").decode()}
    token_path = "/0/private/GetWebSocketsToken"

    def __init__(self) -> None:
        #: By pair and side, orders as the venue ranks them: those of one price by when they came.
        self.orders: dict[int, Order] = {}

    def token(self, headers: Any, body: bytes) -> Any:
        nonce = body.decode().removeprefix("nonce=")
        text = self.token_path.encode() + hashlib.sha256(nonce.encode() + body).digest()
        expected = base64.b64encode(hmac.new(b"nobody's", text, "sha512").digest()).decode()
        if (headers.get("API-Key"), headers.get("API-Sign")) != ("key", expected):
            return {"error": ["EAPI:Invalid key"]}
        return {"error": [], "result": {"token": "tok", "expires": 900}}

    def asked(self, frame: Any, talk: Talk) -> list[Any]:
        if frame["method"] == "ping":
            return [{"method": "pong"}]
        params = frame["params"]
        if params["token"] != "tok":
            return [{"method": "subscribe", "success": False, "error": "EGeneral:Invalid token"}]
        assert (params["channel"], params["depth"]) == ("level3", 1000)
        if frame["method"] == "subscribe":
            talk.symbols += params["symbol"]
            talk.sent = 0
        return [{"method": frame["method"], "success": True, "result": {"channel": "level3"}}]

    def _order(self, order: int, to: Order, event: str = "") -> Any:
        name = f"OAAAAA-{order // 100_000:05d}-{order % 100_000:06d}"
        of = {"event": event} if event else {}
        return {**of, "order_id": name, "limit_price": f"~{to[1]}", "order_qty": f"~{to[2]}", "timestamp": _AT}

    def _message(self, kind: str, symbol: str, sides: list[list[Any]], orders: dict[int, Order]) -> Any:
        item = {"symbol": symbol, "checksum": self._sum(orders), "bids": sides[0], "asks": sides[1]}
        return {"channel": "level3", "type": kind, "data": [item]}

    @staticmethod
    def _sum(orders: dict[int, Order]) -> int:
        text = ""
        for side in (1, 0):
            prices = sorted({to[1] for to in orders.values() if to[0] == side}, key=float, reverse=side == 0)[:10]
            for price in prices:
                queue = [to for to in orders.values() if to[:2] == (side, price)]
                text += "".join(_digits(price) + _digits(size) for _, _, size in queue)
        return zlib.crc32(text.encode())

    def step(self, symbol: str, step: Step, at: int, talk: Talk) -> Any:
        word, order, to = step
        event = {"created": "add", "changed": "modify", "deleted": "delete"}[word]
        sides: list[list[Any]] = [[], []]
        sides[to[0]].append(self._order(order, to, event))
        return self._message("update", symbol, sides, self.orders)

    def whole(self, symbol: str, orders: dict[int, Order], at: int, talk: Talk | None) -> Any:
        self.orders = orders
        sides = [[self._order(order, to) for order, to in orders.items() if to[0] == side] for side in (0, 1)]
        return self._message("snapshot", symbol, sides, orders)


_AT = "2026-09-25T10:00:00.000000001Z"


def _digits(text: str) -> str:
    """A number without its point and leading zeros."""
    return text.replace(".", "").lstrip("0")


_ALL = (BitstampOrders(), BitfinexOrders(), IndependentReserve(), CoinbaseOrders(), KrakenOrders())
ORDER_VENUES = {venue.feed: venue for venue in _ALL}


def made_up(seed: int, count: int) -> tuple[dict[int, Order], list[Step]]:
    """Orders at the start, then changes that never cross the book."""
    source = random.Random(seed)
    orders = {number: _order(source) for number in range(1, 40)}
    alive, steps = dict(orders), list[Step]()
    for number in range(100, 100 + count):
        if source.random() < 0.5 or len(alive) < 20:
            alive[number] = _order(source)
            steps.append(("created", number, alive[number]))
            continue
        chosen = source.choice(list(alive))
        side, price, size = alive[chosen]
        if source.random() < 0.3 and float(size) > 0.002:
            alive[chosen] = (side, price, f"{float(size) / 2:.3f}")
            steps.append(("changed", chosen, alive[chosen]))
        else:
            steps.append(("deleted", chosen, alive.pop(chosen)))
    return orders, steps


def _order(source: random.Random) -> Order:
    side = source.randint(0, 1)
    away = source.randint(1, 500) / 100
    return side, f"{100 + away if side else 100 - away:.2f}", f"{source.randint(1, 900) / 1000:.3f}"


@dataclass
class OrderServer:
    """One venue and one symbol. `lose` are the steps that are told to nobody, `cut` those after which it hangs up."""

    venue: Any
    seed: int
    count: int = 300
    lose: frozenset[int] = frozenset()
    cut: frozenset[int] = frozenset()
    connections: int = 0

    def __post_init__(self) -> None:
        self.orders, self.steps = made_up(self.seed, self.count)
        self.at = 0
        self.done = asyncio.Event()
        self._socket: web.WebSocketResponse | None = None
        self._talk = Talk()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Endpoints]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        async with TestServer(app) as server:
            base = str(server.make_url("")).rstrip("/")
            pump = asyncio.create_task(self._pump())
            try:
                yield Endpoints(base, "ws" + base.removeprefix("http"))
            finally:
                pump.cancel()
                await asyncio.gather(pump, return_exceptions=True)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._connected(request)
        if request.method == "POST":
            assert request.path == self.venue.token_path
            return web.json_response(self.venue.token(request.headers, await request.read()))
        assert self.venue.rest is not None
        assert self.venue.rest.match(request.path_qs), request.path_qs
        body = json.dumps(self.venue.whole(self.venue.symbol, self.orders, self.at, None))
        # The book is of before; what happens meanwhile overtakes it.
        await asyncio.sleep(0.05)
        return web.Response(text=body)

    async def _connected(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connections += 1
        talk, served = Talk(), 0
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            for answer in self.venue.asked(json.loads(message.data), talk):
                await socket.send_json(answer)
            if self.venue.symbol in talk.symbols and len(talk.symbols) > served:
                served = len(talk.symbols)
                if self.venue.rest is None:
                    await socket.send_str(packed(self.venue.whole(self.venue.symbol, self.orders, self.at, talk)))
                self._socket, self._talk = socket, talk
        if self._socket is socket:
            self._socket = None
        return socket

    async def _pump(self) -> None:
        while self._socket is None:
            await asyncio.sleep(0.002)
        for number, step in enumerate(self.steps):
            await self._step(step, lost=number in self.lose)
            if number in self.cut and self._socket is not None:
                socket, self._socket = self._socket, None
                await socket.close()
            await asyncio.sleep(0.002)
        # The last order is told again and again, so that whatever was lost before shows.
        self.done.set()
        for again in range(10_000):
            await self._step(("created", 10_000 + again, (0, "1.00", "0.001")))
            await self._step(("deleted", 10_000 + again, (0, "1.00", "0.001")))
            await asyncio.sleep(0.02)

    async def _step(self, step: Step, *, lost: bool = False) -> None:
        word, order, to = step
        if word == "deleted":
            self.orders.pop(order, None)
        else:
            self.orders[order] = to
        self.at += 1
        message = self.venue.step(self.venue.symbol, step, self.at, self._talk)
        if self._socket is not None and not lost:
            with contextlib.suppress(ConnectionError):
                await self._socket.send_str(packed(message))


def packed(message: Any) -> str:
    """JSON, with the numbers of Bitfinex's arrays as numbers."""
    text = json.dumps(message)
    text = re.sub(r'"~([\d.]+)"', r"\1", text)
    return re.sub(r'"(-?[\d.]+)"', r"\1", text) if isinstance(message, list) else text
