"""Before quoting: what the venue says the account holds must be what the journal says it holds.

catalogue: O7, K5. Orders that a crash left behind are asked about and cancelled; then wallets and positions are
compared. The first statement of a wallet is booked as its opening; what to do about a later difference, or about a
position that was there before us, is for `start_policy`.
Spot wallets hold what the user pleases, so only assets of configured instruments are compared there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from oms import account
from oms.account import Statement
from oms.binance_rest import VenueError
from pycore.errors import EngineError
from pycore.port import Stated
from pycore.profit import NET
from pycore.session import Session

log = logging.getLogger(__name__)

_POLL_S = 0.05
#: Twice the skew, the venue's lag and two clean not-founds, s (native/core/src/order/unknown.rs).
_PROOF_MARGIN_S = 9.0


async def settle_orders(session: Session, deadline_s: float) -> None:
    """Asks about every order that is not known to be closed, cancels what is open, waits until none is left.

    Raises `EngineError` `reconcile: orders left open` after the deadline.
    """
    open_orders = session.core.orders(open_only=True)
    if not open_orders:
        return
    log.warning("%d orders are open or unknown in the journal: asking and cancelling", len(open_orders))
    session.port.query_open()
    session.port.command("cancel_all")
    if not await none_open(session, deadline_s):
        left = [order["order"] for order in session.core.orders(open_only=True)]
        raise EngineError("reconcile: orders left open", f"orders must be closed before quoting, was open {left}")


def proof_of_absence_s(session: Session) -> float:
    """How long the proof of absence of an unknown order may take (safety.md, orders 2), s."""
    return session.config.venue.recv_window_ms / 1e3 + _PROOF_MARGIN_S


async def none_open(session: Session, deadline_s: float) -> bool:
    """Drives the timer until no own order is open; False after the deadline.

    Where an order is UNKNOWN the deadline is longer by the time that its proof of absence takes. An order that became
    known or resting while we waited is cancelled again, once a second at most.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    again = began + 1.0
    while left := session.core.orders(open_only=True):
        proof_s = proof_of_absence_s(session) if any(row["state"] == "UNKNOWN" for row in left) else 0.0
        if loop.time() >= began + deadline_s + proof_s:
            return False
        if loop.time() >= again:
            again = loop.time() + 1.0
            session.port.command("cancel_all")
        for gateway in session.gateways.values():
            gateway.expire()
        session.port.timer()
        await asyncio.sleep(_POLL_S)
    return True


@dataclass(frozen=True)
class PositionDifference:
    """A position, in lots, that is not what the journal says."""

    symbol: str
    instrument: int
    booked: int
    stated: Stated

    def __str__(self) -> str:
        """The difference in one phrase."""
        return f"{self.symbol}: journal {self.booked} lots, venue {self.stated.lots} lots"


@dataclass(frozen=True)
class WalletDifference:
    """A wallet, in the asset's smallest unit, that is not what the journal says."""

    market: str
    name: str
    asset: int
    booked: int
    amount: int

    def __str__(self) -> str:
        """The difference in one phrase."""
        return f"{self.market} {self.name}: journal {self.booked}, venue {self.amount}"


@dataclass(frozen=True)
class Differences:
    """Everything in which the venue and the journal differ; false where they agree."""

    positions: list[PositionDifference] = field(default_factory=list)
    wallets: list[WalletDifference] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.positions or self.wallets)

    def __str__(self) -> str:
        """All of them, in one line."""
        return "; ".join(map(str, [*self.positions, *self.wallets]))


async def compare(session: Session) -> Differences:
    """Fetches every market's statement, hands it to the core, which books openings, and says what differs."""
    found = Differences()
    for market, rest in session.rests.items():
        statement = await account.fetch(rest, _scales(session, market))
        found.wallets.extend(_compare_wallets(session, statement))
        found.positions.extend(_compare_positions(session, statement))
    return found


async def difference(session: Session) -> str:
    """The comparison at a stop: empty where all is equal, else what differs or why it could not be compared."""
    try:
        told = str(await compare(session))
    except VenueError as error:
        told = str(error)
    if told:
        log.error("after the stop: %s", told)
    return told


def _scales(session: Session, market: str) -> Mapping[str, int]:
    if market != "spot":
        return session.config.assets
    wanted = {
        asset for item in session.config.instruments if item.market == "spot" for asset in (item.base, item.quote)
    }
    return {asset: session.config.assets[asset] for asset in wanted}


def _compare_wallets(session: Session, statement: Statement) -> Iterator[WalletDifference]:
    known = {
        (row["market"], row["asset"]): int(row["total"])
        for row in session.core.balances()
        # Without a statement of the venue the wallet is not opened yet, whatever a report has booked already.
        if row["account"] == session.numbers.account and row["stated"]
    }
    for holding in statement.holdings:
        asset = session.numbers.assets[holding.asset]
        booked = known.get((statement.market, asset))
        if booked is not None and booked != holding.amount:
            yield WalletDifference(statement.market, holding.asset, asset, booked, holding.amount)
        session.port.balance(session.numbers.account, statement.market, asset, holding.amount)


def _compare_positions(session: Session, statement: Statement) -> Iterator[PositionDifference]:
    booked = {
        row["instrument"]: int(row["qty"])
        for row in session.core.positions()
        if row["account"] == session.numbers.account and row["strategy"] == NET
    }
    symbols = session.symbols(statement.market) if statement.market != "spot" else {}
    stated = {row.symbol: row for row in statement.positions}
    for symbol, number in symbols.items():
        row = stated.get(symbol)
        ours = booked.get(number, 0)
        if row is None:
            if ours:
                yield PositionDifference(symbol, number, ours, Stated(0))
            continue
        lot = session.instrument(f"{statement.market}:{symbol}").lot
        lots = account.to_units(f"{symbol}.positionAmt in lots", row.size / Decimal(lot), 0)
        position = Stated(lots, row.entry_e8, row.unrealised_e8)
        if lots != ours:
            yield PositionDifference(symbol, number, ours, position)
        session.port.venue_position(session.numbers.account, number, position)
