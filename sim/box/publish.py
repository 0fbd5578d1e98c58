"""Turns book changes, trades and the passing of time into market streams (catalogue: S1).

`flush` runs right after anything happened: trades, aggregate trades, bookTicker and `@0ms` depth. `tick` runs on a grid
of 50 ms: slower depth, partial books, candles, tickers, mark prices. Depth windows chain exactly: on spot U = previous
u + 1, on USD-M pu = previous u (binance.md §5).
"""

from typing import Any

from sim.box import payloads
from sim.box.clock import NS_PER_MS, Stamp
from sim.box.desk import Desk
from sim.box.listing import Listing
from sim.box.payloads import Best, Diff
from sim.box.tape import Trade
from sim.box.usdm_settings import FUNDING_RATE_E8, next_funding_ms

GRID_MS = 50
SECOND_MS = 1_000


class Window:
    """Book changes of one symbol gathered for one depth speed."""

    __slots__ = ("asks", "bids", "first", "last", "previous")

    def __init__(self, previous: int) -> None:
        """An empty window behind update id `previous`."""
        self.first = self.last = self.previous = previous
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}

    def gather(self, first: int, last: int, bids: list[int], asks: list[int]) -> None:
        """Adds changes with ids `first` to `last`; of a level changed twice the newer size stays."""
        if self.last == self.previous:
            self.first = first
        self.last = last
        self.bids.update(zip(bids[::2], bids[1::2], strict=True))
        self.asks.update(zip(asks[::2], asks[1::2], strict=True))

    def take(self, listing: Listing) -> Diff:
        """The gathered changes, best levels first; the window starts anew behind them."""
        level = listing.level_text
        bids = ",".join([level(p, self.bids[p]) for p in sorted(self.bids, reverse=True)])
        asks = ",".join([level(p, self.asks[p]) for p in sorted(self.asks)])
        diff = Diff(self.first, self.last, self.previous, f"[{bids}]", f"[{asks}]")
        self.previous = self.last
        self.bids.clear()
        self.asks.clear()
        return diff


class Publisher:
    """The market streams of one desk."""

    def __init__(self, desk: Desk) -> None:
        """Nothing has been sent; the books as they are now count as known."""
        self._desk = desk
        self._windows: dict[tuple[str, int], Window] = {}
        self._last: dict[str, int] = {}
        self._before_ms = self._now_ms = desk.clock.now_ms()
        for listing in desk.listings.values():
            self._drain(listing, desk.clock.now_ns())

    def flush(self) -> None:
        """Sends what happened since the last call."""
        now = self._desk.clock.now_ns()
        for listing in self._desk.listings.values():
            self._drain(listing, now)

    def _drain(self, listing: Listing, now: int) -> None:
        desk, symbol = self._desk, listing.symbol
        update = desk.exchange.take_updates(desk.ids[symbol])
        if update["trades"]:
            self._trades(listing, [Trade(*row) for row in update["trades"]], now)
        if not update["bids"] and not update["asks"]:
            return
        previous = self._last.get(symbol, update["U"] - 1)
        self._last[symbol] = update["u"]
        self._depth(listing, update, previous, now)
        if update["bbo_changed"]:
            self._best(listing, now)

    def _trades(self, listing: Listing, rows: list[Trade], now: int) -> None:
        hub, symbol = self._desk.hub, listing.symbol
        aggregates = self._desk.tapes[symbol].add(rows)
        for topic in hub.topics("trade", symbol):
            for row in rows:
                topic.send(payloads.trade(listing, row, Stamp(now, topic.tick_ns)))
        for topic in hub.topics("aggTrade", symbol):
            for aggregate in aggregates:
                topic.send(payloads.agg_trade(listing, aggregate, Stamp(now, topic.tick_ns)))

    def _depth(self, listing: Listing, update: dict[str, Any], previous: int, now: int) -> None:
        """Hands the changes to every window that somebody listens to; sends the immediate ones."""
        hub, symbol = self._desk.hub, listing.symbol
        speeds = {hub.speed_ms(topic) for topic in hub.topics("depth", symbol)}
        if not speeds:
            return
        bids = memoryview(update["bids"]).cast("q").tolist()
        asks = memoryview(update["asks"]).cast("q").tolist()
        for speed in speeds:
            window = self._windows.get((symbol, speed))
            if window is None:
                window = self._windows[(symbol, speed)] = Window(previous)
            window.gather(previous + 1, update["u"], bids, asks)
            if speed < GRID_MS:
                self._send_depth(listing, speed, window, now)

    def _send_depth(self, listing: Listing, speed: int, window: Window, now: int) -> None:
        if window.last == window.previous:
            return
        diff = window.take(listing)
        for topic in self._desk.hub.topics("depth", listing.symbol):
            if self._desk.hub.speed_ms(topic) == speed:
                topic.send(payloads.depth_update(listing, diff, Stamp(now, topic.tick_ns)))

    def best(self, listing: Listing) -> Best:
        """Best bid and offer as the streams show them."""
        update, bid, bid_qty, ask, ask_qty = self._desk.exchange.bbo(self._desk.ids[listing.symbol])
        return Best(update, bid or 0, bid_qty if bid is not None else 0, ask or 0, ask_qty if ask is not None else 0)

    def _best(self, listing: Listing, now: int) -> None:
        hub, best = self._desk.hub, self.best(listing)
        for symbol in (listing.symbol, None):
            for topic in hub.topics("bookTicker", symbol):
                topic.send(payloads.book_ticker(listing, best, Stamp(now, topic.tick_ns)))

    def tick(self, now: int) -> None:
        """Sends what is due on the 50 ms grid point at or before `now`."""
        self._before_ms, self._now_ms = self._now_ms, now // NS_PER_MS
        for (symbol, speed), window in list(self._windows.items()):
            if speed >= GRID_MS and self._due(speed):
                self._window_due(self._desk.listings[symbol], speed, window, now)
        candles_ms = SECOND_MS if self._desk.market == "spot" else 250
        for listing in self._desk.listings.values():
            self._partial(listing, now)
            if self._due(candles_ms):
                self._candles(listing, now)
            if self._due(SECOND_MS):
                self._tickers(listing, now)
                self._marks(listing, now)
        if self._due(SECOND_MS):
            self._arrays(now)

    def _due(self, period_ms: int) -> bool:
        """Whether a multiple of the period lies between the last tick and this one, however late this one came."""
        return self._now_ms // period_ms != self._before_ms // period_ms

    def _window_due(self, listing: Listing, speed: int, window: Window, now: int) -> None:
        hub = self._desk.hub
        if any(hub.speed_ms(topic) == speed for topic in hub.topics("depth", listing.symbol)):
            self._send_depth(listing, speed, window, now)
        else:
            del self._windows[(listing.symbol, speed)]

    def _partial(self, listing: Listing, now: int) -> None:
        """Partial books, each only when the book has moved since it was last sent."""
        desk = self._desk
        for topic in desk.hub.topics("depthN", listing.symbol):
            if not self._due(max(GRID_MS, desk.hub.speed_ms(topic))):
                continue
            book = desk.exchange.depth(desk.ids[listing.symbol], topic.levels)
            if topic.sent[0] == book["u"]:
                continue
            previous = topic.sent[0] if topic.sent[0] >= 0 else book["u"] - 1
            topic.sent = (book["u"], 0)
            bids, asks = listing.levels_text(book["bids"]), listing.levels_text(book["asks"])
            if desk.market == "spot":
                topic.send(payloads.partial_depth(book["u"], bids, asks))
            else:
                diff = Diff(previous + 1, book["u"], previous, bids, asks)
                topic.send(payloads.depth_update(listing, diff, Stamp(now, topic.tick_ns)))

    def _candles(self, listing: Listing, now: int) -> None:
        """Candles that changed, and the closing message of those that ended."""
        tape = self._desk.tapes[listing.symbol]
        for topic in self._desk.hub.topics("kline", listing.symbol):
            interval = topic.argument or "1m"
            candle = tape.candle(interval, now)
            start, count = topic.sent
            if start not in (-1, candle.start):
                closed = tape.candle(interval, start)
                topic.send(payloads.kline(listing, interval, closed, True, Stamp(now, topic.tick_ns)))
                count = -1
            if count != candle.count:
                topic.send(payloads.kline(listing, interval, candle, False, Stamp(now, topic.tick_ns)))
            topic.sent = (candle.start, candle.count)

    def _tickers(self, listing: Listing, now: int) -> None:
        for topic in self._desk.hub.topics("ticker", listing.symbol):
            topic.send(self._ticker(listing, Stamp(now, topic.tick_ns)))
        for topic in self._desk.hub.topics("miniTicker", listing.symbol):
            topic.send(self._mini(listing, Stamp(now, topic.tick_ns)))

    def _ticker(self, listing: Listing, at: Stamp) -> bytes:
        tape = self._desk.tapes[listing.symbol]
        last_qty = tape.trades[-1].qty if tape.trades else 0
        return payloads.ticker(listing, tape.day(at.now_ns), self.best(listing), last_qty, at)

    def _mini(self, listing: Listing, at: Stamp) -> bytes:
        return payloads.mini_ticker(listing, self._desk.tapes[listing.symbol].day(at.now_ns), at)

    def _mark(self, listing: Listing, at: Stamp) -> bytes:
        mark_e8 = self._desk.mark_ticks(listing.symbol) * listing.tick_e8
        funding_ms = next_funding_ms(at.now_ns // NS_PER_MS)
        return payloads.mark_price(listing, mark_e8, FUNDING_RATE_E8, funding_ms, at)

    def _marks(self, listing: Listing, now: int) -> None:
        """Mark prices every 3 s, or every second where `@1s` was asked for."""
        if self._desk.market != "linear":
            return
        for topic in self._desk.hub.topics("markPrice", listing.symbol):
            if topic.argument == "1s" or self._due(3 * SECOND_MS):
                topic.send(self._mark(listing, Stamp(now, topic.tick_ns)))

    def _arrays(self, now: int) -> None:
        """The streams of all symbols at once: arrays."""
        makers = {"ticker": self._ticker, "miniTicker": self._mini, "markPrice": self._mark}
        for kind, make in makers.items():
            for topic in self._desk.hub.topics(kind, None):
                if kind == "markPrice" and topic.argument != "arr@1s" and not self._due(3 * SECOND_MS):
                    continue
                rows = [make(listing, Stamp(now, topic.tick_ns)) for listing in self._desk.listings.values()]
                topic.send(b"[" + b",".join(rows) + b"]")
