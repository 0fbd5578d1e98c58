"""Every figure that a running engine shows, gathered in one place: telemetry, metrics and health all read this.

catalogue: Q3, K5. Figures are ints, prices in ticks, sizes in lots, money in smallest units as texts.
"""

from __future__ import annotations

from typing import Any

from feeds.socket import Socket
from pycore.logs import Logs
from pycore.loop_lag import LoopLag
from pycore.profit import NET, PARTS
from pycore.session import Session
from pycore.watch import HostWatch


class Figures:
    """The figures of one session. `lag` must be run beside it; `logs` is the log that it writes, where there is one."""

    def __init__(self, session: Session, logs: Logs | None = None) -> None:
        """Reads nothing yet."""
        self._session = session
        self._logs = logs
        self._host: HostWatch | None = None
        self.lag = LoopLag(session.clock)
        self._durable = 0
        self._durable_moved_ns = 0

    @property
    def there(self) -> bool:
        """Whether the engine has come far enough to have figures: its names have their numbers."""
        # The phase `define` sets it last but for wires, and waits for nothing in between.
        return hasattr(self._session, "release")

    def state(self) -> dict[str, Any]:
        """The state of now, as telemetry publishes it. Only where the engine is `there`."""
        session, core = self._session, self._session.core
        orders = core.orders(open_only=True)
        # No event up to the durable one may ever be lost again; read after the last one, it may only be older.
        last, durable = core.last_seq, core.durable()
        return {
            "phase": session.phase,
            "ts": session.clock.utc_ns(),
            "seq": last,
            "durable": durable,
            "journal": {"lag": last - durable, "standing_ms": self._standing_ms(last, durable)},
            "recovered": {"seq": session.recovered_seq, "state_hash": session.recovered_hash},
            "halted": session.port.halted,
            "instruments": _instruments(session, orders),
            "open_orders": len(orders),
            "latency": session.latency.figures(),
            "loop_lag": {**self.lag.histogram.figures(), "last_ns": self.lag.last_ns},
            "refusals": core.refusals(),
            "fills": session.fills,
            "sent": session.orders_sent,
            "awaiting": sum(gateway.awaiting for gateway in session.gateways.values()),
            "waiting_for_disk": len(session.release),
            "streams": {socket.name: _stream(socket) for socket in sockets(session)},
            "sources": _sources(session),
            "reconnects": sum(socket.reconnects for socket in sockets(session)),
            "unreadable": dict(session.port.unreadable),
            "host": self._host_figures(),
            "log_dropped": self._logs.dropped if self._logs else 0,
        }

    def _standing_ms(self, last: int, durable: int) -> int:
        """For how long the durable mark has not moved though events wait for it, ms."""
        now = self._session.clock.mono_ns()
        if durable != self._durable or durable >= last:
            self._durable, self._durable_moved_ns = durable, now
        return (now - self._durable_moved_ns) // 1_000_000

    def _host_figures(self) -> dict[str, int]:
        if self._host is None:
            config = self._session.config
            self._host = HostWatch(config.watch, config.journal.directory)
        return self._host.figures()


def sockets(session: Session) -> list[Socket]:
    """Every connection of the session."""
    market = [socket for feed in session.feeds.values() for socket in feed.sockets]
    return [*market, *(gateway.socket for gateway in session.gateways.values())] + [
        user.socket for user in session.users.values()
    ]


def _stream(socket: Socket) -> dict[str, Any]:
    return {
        "up": socket.up,
        "silent_ms": socket.silent_ms,
        "stale_ms": socket.stale_ms,
        "reconnects": socket.reconnects,
    }


def _sources(session: Session) -> dict[str, Any]:
    """Each source of market data by name, with its lines by the names of their streams."""
    found = {row["source"]: row for row in session.core.lines()}
    names = {number: name for name, number in session.numbers.streams.items()}
    sources = {name: found[number] for name, number in session.numbers.sources.items()}
    return {
        name: {**row, "lines": {names[line["stream"]]: line for line in row["lines"]}} for name, row in sources.items()
    }


def _instruments(session: Session, orders: list[dict[str, Any]]) -> dict[str, Any]:
    core = session.core
    positions = core.positions()
    found = {}
    for key, number in session.numbers.instruments.items():
        item = session.instrument(key)
        found[key] = {
            "tick": item.tick,
            "lot": item.lot,
            "settle": item.settle,
            "scale": session.config.assets[item.settle],
            "top": core.top(number),
            "orders": [_own(row) for row in orders if row["instrument"] == number],
            "positions": [
                _position(row) for row in positions if row["instrument"] == number and row["strategy"] == NET
            ],
        }
    return found


def _own(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("order", "side", "price", "qty", "cum_qty", "state")}


def _position(row: dict[str, Any]) -> dict[str, Any]:
    return {name: str(row[name]) for name in ("qty", "entry_e8", *PARTS)}
