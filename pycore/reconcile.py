"""Before quoting: what the venue says the account holds must be what the journal says it holds.

catalogue: O7, K5. Orders that a crash left behind are asked about and cancelled; then wallets and positions are
compared. The first statement of a wallet is booked as its opening; after that a difference halts with a named error.
Spot wallets hold what the user pleases, so only assets of configured instruments are compared there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from decimal import Decimal

from oms import account
from oms.account import Statement
from oms.binance_rest import VenueError
from pycore.errors import EngineError
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


async def compare(session: Session) -> None:
    """Fetches every market's statement, books openings, and compares the rest.

    Raises `EngineError` `reconcile: balances differ` or `reconcile: positions differ` naming each difference.
    """
    for market, rest in session.rests.items():
        statement = await account.fetch(rest, _scales(session, market))
        _book_balances(session, statement)
        _compare_positions(session, statement)


async def difference(session: Session) -> str:
    """The comparison at a stop: empty where all is equal, else what differs or why it could not be compared."""
    try:
        await compare(session)
    except (EngineError, VenueError) as error:
        log.error("after the stop: %s", error)
        return str(error)
    return ""


def _scales(session: Session, market: str) -> Mapping[str, int]:
    if market != "spot":
        return session.config.assets
    wanted = {
        asset for item in session.config.instruments if item.market == "spot" for asset in (item.base, item.quote)
    }
    return {asset: session.config.assets[asset] for asset in wanted}


def _book_balances(session: Session, statement: Statement) -> None:
    known = {
        (row["market"], row["asset"]): int(row["total"])
        for row in session.core.balances()
        if row["account"] == session.numbers.account
    }
    differences = []
    for holding in statement.holdings:
        asset = session.numbers.assets[holding.asset]
        booked = known.get((statement.market, asset))
        if booked is not None and booked != holding.amount:
            differences.append(f"{statement.market} {holding.asset}: journal {booked}, venue {holding.amount}")
        session.port.balance(session.numbers.account, statement.market, asset, holding.amount)
    if differences:
        raise EngineError("reconcile: balances differ", "; ".join(differences))


def _compare_positions(session: Session, statement: Statement) -> None:
    booked = {
        row["instrument"]: int(row["qty"])
        for row in session.core.positions()
        if row["account"] == session.numbers.account and row["strategy"] == NET
    }
    symbols = session.symbols(statement.market) if statement.market != "spot" else {}
    stated = {row.symbol: row for row in statement.positions}
    differences = []
    for symbol, number in symbols.items():
        row = stated.get(symbol)
        lot = session.instrument(f"{statement.market}:{symbol}").lot
        lots = 0 if row is None else account.to_units(f"{symbol}.positionAmt in lots", row.size / Decimal(lot), 0)
        if lots != booked.get(number, 0):
            differences.append(f"{symbol}: journal {booked.get(number, 0)} lots, venue {lots} lots")
        if row is not None:
            session.port.venue_position(session.numbers.account, number, lots, row.entry_e8, row.unrealised_e8)
    if differences:
        raise EngineError("reconcile: positions differ", "; ".join(differences))
