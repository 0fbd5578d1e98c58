"""The live view of a running engine in a terminal: book, own quotes, position, profit, latencies, refusals.

catalogue: K5, Q3. Subscribes to the engine's telemetry; it shows what is published and touches nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgpack
import zmq
import zmq.asyncio
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pycore.profit import decimal, units

_SIDES = ("BUY", "SELL")


class Subscriber:
    """Receives the published states of one engine."""

    def __init__(self, address: str) -> None:
        """Subscribes at once; states published before that are not seen."""
        self._context = zmq.asyncio.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"state")
        self._socket.connect(address)

    async def receive(self) -> dict[str, Any]:
        """The next state."""
        _, body = await self._socket.recv_multipart()
        state: dict[str, Any] = msgpack.unpackb(body)
        return state

    def close(self) -> None:
        """Ends the subscription."""
        self._socket.close(linger=0)
        self._context.term()


def draw(state: dict[str, Any]) -> RenderableType:
    """The whole view of one state."""
    markets = [_market(key, facts) for key, facts in state["instruments"].items()]
    return Group(_head(state), Columns(markets, equal=True, expand=True), _latency(state), _refusals(state))


def line(state: dict[str, Any]) -> str:
    """One state as a line of progress, for a log instead of a terminal."""
    profits = ", ".join(f"{key} {profit(facts)} {facts['settle']}" for key, facts in state["instruments"].items())
    total = state["latency"].get("total", {})
    p50_us = total.get("p50_ns", 0) / 1e3
    return (
        f"{state['phase']}: event {state['seq']}, sent {state['sent']}, fills {state['fills']}, "
        f"refused {sum(state['refusals'].values())}, profit {profits}, round trip p50 {p50_us:.0f} us"
    )


def profit(facts: dict[str, Any]) -> Decimal:
    """An instrument's result after fees and with funding, in the settlement asset."""
    amount = sum(units(row) for row in facts["positions"])
    return decimal(amount, int(facts["scale"])).quantize(Decimal("0.0001"))


def _head(state: dict[str, Any]) -> Text:
    text = Text(f"tickwright  {state['phase']}", style="bold")
    text.append(f"  event {state['seq']}  sent {state['sent']}  awaiting {state['awaiting']}  fills {state['fills']}")
    if state["halted"]:
        text.append("  HALTED", style="bold red")
    if state["reconnects"]:
        text.append(f"  reconnects {state['reconnects']}", style="yellow")
    return text


def _market(key: str, facts: dict[str, Any]) -> Panel:
    # Normalised, so that a tick of 0.01000000 shows two decimals.
    tick, lot = Decimal(facts["tick"]).normalize(), Decimal(facts["lot"]).normalize()
    grid = Table(box=None, show_header=False, expand=True)
    for column in ("name", "price", "size", "state"):
        grid.add_column(column, justify="left" if column in ("name", "state") else "right")
    asks = sorted((row for row in facts["orders"] if _side(row) == "SELL"), key=lambda row: -int(row["price"]))
    bids = sorted((row for row in facts["orders"] if _side(row) == "BUY"), key=lambda row: -int(row["price"]))
    for row in asks:
        grid.add_row("our ask", _plain(row["price"] * tick), _plain(row["qty"] * lot), str(row["state"]), style="red")
    _add_top(grid, facts["top"], tick, lot)
    for row in bids:
        grid.add_row("our bid", _plain(row["price"] * tick), _plain(row["qty"] * lot), str(row["state"]), style="green")
    net = sum(int(row["qty"]) for row in facts["positions"])
    grid.add_row("position", "", _plain(net * lot), "", style="bold")
    grid.add_row("profit", str(profit(facts)), facts["settle"], "", style="bold")
    return Panel(grid, title=key)


def _add_top(grid: Table, top: list[int] | None, tick: Decimal, lot: Decimal) -> None:
    if top is None:
        grid.add_row("book", "not in sync", "", "", style="yellow")
        return
    bid, bid_qty, ask, ask_qty = top
    for name, price, size in (("ask", ask, ask_qty), ("bid", bid, bid_qty)):
        known = price is not None and size is not None
        grid.add_row(name, _plain(price * tick) if known else "none", _plain(size * lot) if known else "", "")


def _plain(value: Decimal) -> str:
    """A decimal without an exponent."""
    return format(value, "f")


def _side(row: dict[str, Any]) -> str:
    side = row["side"]
    return side if isinstance(side, str) else _SIDES[side]


def _latency(state: dict[str, Any]) -> Table:
    table = Table(title="latency, us", box=None, title_justify="left", title_style="bold")
    for column in ("hop", "count", "p50", "p90", "p99", "max"):
        table.add_column(column, justify="left" if column == "hop" else "right")
    for hop, found in state["latency"].items():
        times = (f"{found[name] / 1e3:.0f}" for name in ("p50_ns", "p90_ns", "p99_ns", "max_ns"))
        table.add_row(hop.replace("_", " → "), str(found["count"]), *times)
    return table


def _refusals(state: dict[str, Any]) -> Text:
    found = {name: count for name, count in state["refusals"].items() if count}
    if not found:
        return Text("refusals: none")
    return Text("refusals: " + ", ".join(f"{name} {count}" for name, count in sorted(found.items())), style="yellow")
