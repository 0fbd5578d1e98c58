"""Request weights, order counts and what happens above them: 429, then 418 (catalogue: S1).

Rules: the venue's public "LIMITS" page and binance.md §4. Weights count per client address, orders per account, both
in windows aligned to the clock. A client that goes on after a 429 is banned, longer each time.
"""

from dataclasses import dataclass, field

from sim.box.errors import ApiError, refuse

NS_PER_S = 1_000_000_000
SECONDS = {"SECOND": 1, "MINUTE": 60, "DAY": 86_400}
LETTER = {"SECOND": "s", "MINUTE": "m", "DAY": "d"}
BAN_S_FIRST = 120
BAN_S_MAX = 3 * 86_400
STRIKES_MAX = 20
CLIENTS_MAX = 4_096


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `limit` units of `kind` in `count` times `interval`."""

    kind: str
    interval: str
    count: int
    limit: int

    @property
    def window_ns(self) -> int:
        """The window's length in ns."""
        return SECONDS[self.interval] * self.count * NS_PER_S

    def shown(self) -> dict[str, object]:
        """The limit as `exchangeInfo.rateLimits` shows it."""
        return {
            "rateLimitType": self.kind,
            "interval": self.interval,
            "intervalNum": self.count,
            "limit": self.limit,
        }


def market_limits(market: str, factor: float) -> list[Limit]:
    """The venue's limits of one market, times `factor`."""
    if market == "spot":
        rows = [
            ("REQUEST_WEIGHT", "MINUTE", 1, 6_000),
            ("ORDERS", "SECOND", 10, 100),
            ("ORDERS", "DAY", 1, 200_000),
            ("RAW_REQUESTS", "MINUTE", 5, 61_000),
        ]
    else:
        rows = [
            ("REQUEST_WEIGHT", "MINUTE", 1, 2_400),
            ("ORDERS", "SECOND", 10, 300),
            ("ORDERS", "MINUTE", 1, 1_200),
        ]
    return [Limit(kind, interval, count, max(1, int(limit * factor))) for kind, interval, count, limit in rows]


@dataclass(slots=True)
class Meter:
    """What one client or account used: a count per limit and the window it belongs to."""

    used: dict[Limit, tuple[int, int]] = field(default_factory=dict)
    banned_until_ns: int = 0
    strikes: int = 0
    ban_s: int = BAN_S_FIRST

    def count(self, limit: Limit, ts: int) -> int:
        """Units used in the window that holds `ts`."""
        window, used = self.used.get(limit, (0, 0))
        return used if window == ts // limit.window_ns else 0

    def add(self, limit: Limit, amount: int, ts: int) -> int:
        """Adds `amount` and returns the window's new count."""
        used = self.count(limit, ts) + amount
        self.used[limit] = (ts // limit.window_ns, used)
        return used


class Limiter:
    """The meters of one market. Clients beyond `CLIENTS_MAX` push the oldest meter out."""

    def __init__(self, limits: list[Limit]) -> None:
        """Meters for `limits`."""
        self.limits = limits
        self.request_limits = [limit for limit in limits if limit.kind != "ORDERS"]
        self.order_limits = [limit for limit in limits if limit.kind == "ORDERS"]
        self._clients: dict[str, Meter] = {}
        self._accounts: dict[str, Meter] = {}

    @staticmethod
    def _meter(meters: dict[str, Meter], who: str) -> Meter:
        meter = meters.get(who)
        if meter is None:
            if len(meters) >= CLIENTS_MAX:
                meters.pop(next(iter(meters)))
            meter = meters[who] = Meter()
        return meter

    def charge(self, client: str, weight: int, ts: int) -> None:
        """Counts a request of `weight` from `client`; 429 above the limit, 418 for who goes on regardless."""
        meter = self._meter(self._clients, client)
        if ts < meter.banned_until_ns:
            raise self._banned(meter, ts)
        for limit in self.request_limits:
            amount = weight if limit.kind == "REQUEST_WEIGHT" else 1
            if meter.add(limit, amount, ts) > limit.limit:
                raise self._over(meter, limit, ts)

    @staticmethod
    def _banned(meter: Meter, ts: int) -> ApiError:
        error = refuse("BANNED", meter.banned_until_ns // 1_000_000)
        error.retry_after_s = (meter.banned_until_ns - ts) // NS_PER_S + 1
        return error

    def _over(self, meter: Meter, limit: Limit, ts: int) -> ApiError:
        meter.strikes += 1
        if meter.strikes > STRIKES_MAX:
            meter.strikes = 0
            meter.banned_until_ns = ts + meter.ban_s * NS_PER_S
            meter.ban_s = min(meter.ban_s * 4, BAN_S_MAX)
            return self._banned(meter, ts)
        error = refuse("TOO_MANY_WEIGHT", limit.limit, limit.count, limit.interval)
        error.retry_after_s = (limit.window_ns - ts % limit.window_ns) // NS_PER_S + 1
        return error

    def charge_orders(self, account: str, orders: int, ts: int) -> None:
        """-1015 where `orders` more would pass the account's limit; otherwise counts them."""
        meter = self._meter(self._accounts, account)
        for limit in self.order_limits:
            if meter.count(limit, ts) + orders > limit.limit:
                error = refuse("TOO_MANY_ORDERS", limit.limit, limit.count, limit.interval)
                error.retry_after_s = (limit.window_ns - ts % limit.window_ns) // NS_PER_S + 1
                raise error
        for limit in self.order_limits:
            meter.add(limit, orders, ts)

    def headers(self, client: str, account: str | None, orders: bool, ts: int) -> dict[str, str]:
        """`x-mbx-used-weight*`, and after order requests `x-mbx-order-count-*`."""
        meter = self._meter(self._clients, client)
        shown: dict[str, str] = {}
        for limit in self.request_limits:
            if limit.kind == "REQUEST_WEIGHT":
                used = str(meter.count(limit, ts))
                shown["x-mbx-used-weight"] = used
                shown[f"x-mbx-used-weight-{limit.count}{LETTER[limit.interval]}"] = used
        if orders and account is not None:
            meter = self._meter(self._accounts, account)
            for limit in self.order_limits:
                shown[f"x-mbx-order-count-{limit.count}{LETTER[limit.interval]}"] = str(meter.count(limit, ts))
        return shown

    def rows(self, client: str, account: str | None, orders: bool, ts: int) -> list[dict[str, object]]:
        """The WebSocket API's `rateLimits`, each limit with its `count`."""
        meter = self._meter(self._clients, client)
        rows = [{**limit.shown(), "count": meter.count(limit, ts)}
                for limit in self.request_limits if limit.kind == "REQUEST_WEIGHT"]  # fmt: skip
        if orders and account is not None:
            meter = self._meter(self._accounts, account)
            rows = [{**limit.shown(), "count": meter.count(limit, ts)} for limit in self.order_limits] + rows
        return rows

    def order_rows(self, account: str, ts: int) -> list[dict[str, object]]:
        """Order counts of an account (`rateLimit/order`)."""
        meter = self._meter(self._accounts, account)
        return [{**limit.shown(), "count": meter.count(limit, ts)} for limit in self.order_limits]
