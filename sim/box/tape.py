"""What traded: recent trades, aggregate trades, candles and the 24 h figures of one contract (catalogue: S1).

Everything is bounded: the oldest trade, candle or aggregate goes when its store is full. Candles of one minute are kept
for a week and fold into the longer intervals; candles of one second for an hour.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sim.box.listing import Listing

NS_PER_S = 1_000_000_000
TRADES_MAX = 10_000
MINUTES_MAX = 7 * 1_440
SECONDS_MAX = 3_600
DAY_NS = 86_400 * NS_PER_S
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
# Weeks begin on Monday: the epoch's first Monday was 4 days in.
_WEEK_SHIFT_NS = 4 * DAY_NS
INTERVALS = (
    "1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M",
)  # fmt: skip


class Trade(NamedTuple):
    """One trade: ticks, lots, ns; `taker_sell` is the venue's `m` (the buyer was the maker)."""

    trade_id: int
    price: int
    qty: int
    taker_sell: bool
    ts: int
    buyer_order: int
    seller_order: int


class Aggregate:
    """Trades of one taker order at one price, as `aggTrade` shows them."""

    __slots__ = ("agg_id", "first", "last", "price", "qty", "taker", "taker_sell", "ts")

    def __init__(self, agg_id: int, trade: Trade, taker: int) -> None:
        """Begins with one `trade` of the order `taker`."""
        self.agg_id = agg_id
        self.price = trade.price
        self.qty = trade.qty
        self.first = self.last = trade.trade_id
        self.ts = trade.ts
        self.taker_sell = trade.taker_sell
        self.taker = taker


class Candle:
    """Open, high, low, close in ticks; volume in lots; quote value in units of 1e-8; times in ns."""

    __slots__ = ("close", "count", "end", "first", "high", "last", "low", "open", "quote", "start", "take_quote",
                 "take_volume", "volume")  # fmt: skip

    def __init__(self, start: int, end: int, price: int) -> None:
        """An empty candle of [start, end) that opens flat at `price`."""
        self.start, self.end = start, end
        self.open = self.high = self.low = self.close = price
        self.volume = self.quote = self.count = self.take_volume = self.take_quote = 0
        self.first = self.last = -1

    def trade(self, trade: Trade, value: int) -> None:
        """Adds one trade worth `value`."""
        if self.count == 0:
            self.open = self.high = self.low = trade.price
            self.first = trade.trade_id
        self.high = max(self.high, trade.price)
        self.low = min(self.low, trade.price)
        self.close = trade.price
        self.last = trade.trade_id
        self.count += 1
        self.volume += trade.qty
        self.quote += value
        if not trade.taker_sell:
            self.take_volume += trade.qty
            self.take_quote += value

    def fold(self, other: "Candle") -> None:
        """Adds a later candle inside this one's interval."""
        if other.count:
            if self.count == 0:
                self.open, self.high, self.low, self.first = other.open, other.high, other.low, other.first
            self.high = max(self.high, other.high)
            self.low = min(self.low, other.low)
            self.close, self.last = other.close, other.last
        for name in ("count", "volume", "quote", "take_volume", "take_quote"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def bounds(interval: str, ts: int) -> tuple[int, int]:
    """Start and end (exclusive) in ns of the `interval` that holds `ts`; months are calendar months of UTC."""
    if interval == "1M":
        return _month(ts)
    length = int(interval[:-1]) * _UNITS[interval[-1]] * NS_PER_S
    shift = _WEEK_SHIFT_NS if interval == "1w" else 0
    start = (ts - shift) // length * length + shift
    return start, start + length


def _month(ts: int) -> tuple[int, int]:
    """The calendar month that holds `ts`, by the civil-from-days rule (days since 1970-01-01, UTC)."""
    year, month = 1970, 1
    start = 0
    while True:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
        end = start + days * DAY_NS
        if ts < end:
            return start, end
        start = end
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


class Tape:
    """The trading history of one contract since the box started."""

    def __init__(self, listing: Listing, start_price: int) -> None:
        """An empty tape whose candles open at `start_price` ticks."""
        self._listing = listing
        self.price = start_price
        self.trades: deque[Trade] = deque(maxlen=TRADES_MAX)
        self.aggregates: deque[Aggregate] = deque(maxlen=TRADES_MAX)
        self._minutes: deque[Candle] = deque(maxlen=MINUTES_MAX)
        self._seconds: deque[Candle] = deque(maxlen=SECONDS_MAX)
        self._aggregate_id = 0

    def add(self, trades: Iterable[Trade]) -> list[Aggregate]:
        """Takes new trades in; returns the aggregates they make, each complete."""
        made: list[Aggregate] = []
        for trade in trades:
            self.trades.append(trade)
            value = self._listing.value_e8(trade.price, trade.qty)
            self._candle(self._minutes, "1m", trade.ts).trade(trade, value)
            self._candle(self._seconds, "1s", trade.ts).trade(trade, value)
            self.price = trade.price
            taker = trade.seller_order if trade.taker_sell else trade.buyer_order
            last = made[-1] if made else None
            if last and last.taker == taker and last.price == trade.price and last.taker_sell == trade.taker_sell:
                last.qty += trade.qty
                last.last = trade.trade_id
            else:
                self._aggregate_id += 1
                made.append(Aggregate(self._aggregate_id, trade, taker))
        self.aggregates.extend(made)
        return made

    def _candle(self, store: deque[Candle], interval: str, ts: int) -> Candle:
        """The open candle of `store`; intervals without a trade before it become flat ones."""
        if store and ts < store[-1].end:
            return store[-1]
        start, end = bounds(interval, ts)
        if store:
            length = end - start
            missing = min((start - store[-1].end) // length, store.maxlen or 0)
            for back in range(missing, 0, -1):
                store.append(Candle(start - back * length, end - back * length, self.price))
        store.append(Candle(start, end, self.price))
        return store[-1]

    def candles(self, interval: str, now: int) -> Iterator[Candle]:
        """Candles of `interval` from the oldest kept one to the one that holds `now`."""
        store, base = (self._seconds, "1s") if interval == "1s" else (self._minutes, "1m")
        self._candle(store, base, now)
        current: Candle | None = None
        for candle in store:
            if current is None or candle.start >= current.end:
                if current is not None:
                    yield current
                current = Candle(*bounds(interval, candle.start), candle.open)
            current.fold(candle)
        if current is not None:
            yield current

    def candle(self, interval: str, now: int) -> Candle:
        """The candle of `interval` that holds `now`."""
        start, end = bounds(interval, now)
        store, base = (self._seconds, "1s") if interval == "1s" else (self._minutes, "1m")
        self._candle(store, base, now)
        recent: list[Candle] = []
        for candle in reversed(store):
            if candle.end <= start:
                break
            if candle.start < end:
                recent.append(candle)
        whole = Candle(start, end, recent[-1].open if recent else self.price)
        for candle in reversed(recent):
            whole.fold(candle)
        return whole

    def day(self, now: int) -> Candle:
        """The last 24 hours, by whole minutes, as one candle."""
        self._candle(self._minutes, "1m", now)
        recent: list[Candle] = []
        for candle in reversed(self._minutes):
            if candle.start <= now - DAY_NS:
                break
            recent.append(candle)
        whole = Candle(now - DAY_NS, now, recent[-1].open)
        for candle in reversed(recent):
            whole.fold(candle)
        return whole
