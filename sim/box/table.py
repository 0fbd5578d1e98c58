"""The one table of requests: each is written once and reached over REST and over the WebSocket API (catalogue: S1).

A handler takes a `Call` and returns what JSON can say; it knows nothing of transports. `SPOT` and `USDM` are filled by
the modules that `server.HANDLERS` lists, when they are imported.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from sim.box.accounts import Account
from sim.box.clock import NS_PER_MS
from sim.box.desk import Desk
from sim.box.errors import refuse
from sim.box.params import Params

Security = Literal["NONE", "KEY", "SIGNED"]


@dataclass(slots=True)
class Call:
    """One request: the market's desk, its parameters, who asks (None for public ones) and its time unit in ns."""

    desk: Desk
    params: Params
    account: Account | None = None
    tick_ns: int = NS_PER_MS
    client: str = ""

    @property
    def who(self) -> int:
        """The Exchange's id of the asking account."""
        if self.account is None:
            raise refuse("KEY")
        return self.account.ids[self.desk.market]

    def time(self, ts: int) -> int:
        """A time in ns as the client wants to read it (ms, or µs where it asked for them)."""
        return ts // self.tick_ns

    def now(self) -> int:
        """The venue's time as the client wants to read it."""
        return self.desk.clock.now_ns() // self.tick_ns


Handler = Callable[[Call], object]
Weight = int | Callable[[Params], int]


@dataclass(frozen=True, slots=True)
class Method:
    """A handler with its price and its lock."""

    call: Handler
    weight: Weight
    security: Security
    orders: int

    def cost(self, params: Params) -> int:
        """The request's weight."""
        return self.weight if isinstance(self.weight, int) else self.weight(params)


@dataclass(slots=True)
class Table:
    """The requests of one market."""

    rest: dict[tuple[str, str], Method] = field(default_factory=dict)
    ws: dict[str, Method] = field(default_factory=dict)

    def method(
        self, *names: str, weight: Weight = 1, security: Security = "NONE", orders: int = 0
    ) -> Callable[[Handler], Handler]:
        """Registers a handler under REST names (`GET /api/v3/time`) and WebSocket-API names (`time`)."""

        def register(call: Handler) -> Handler:
            method = Method(call, weight, security, orders)
            for name in names:
                verb, _, path = name.partition(" ")
                if path:
                    self.rest[(verb, path)] = method
                else:
                    self.ws[name] = method
            return call

        return register


SPOT = Table()
USDM = Table()
TABLES = {"spot": SPOT, "linear": USDM}
