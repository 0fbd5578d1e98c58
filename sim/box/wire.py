"""What both kinds of WebSocket connection share: the upgrade, the reading loop, pings, faults (catalogue: S1)."""

import asyncio
import contextlib
from collections.abc import Callable

from aiohttp import WSMsgType, web

from sim.box.faults import Fault, Faults
from sim.box.session import CLOSE_GOING_AWAY, CLOSE_POLICY, Session

MESSAGE_BYTES_MAX = 64 * 1024
# The venue's: pings every 20 s on spot, every 3 minutes on USD-M, and a pong within 1 or 10 minutes.
PING_S = {"spot": (20.0, 60.0), "linear": (180.0, 600.0)}
CLOSE_WAIT_S = 2.0
CONNECTIONS_MAX = 1_024

Offer = Callable[[bytes], None]


async def converse(
    request: web.BaseRequest, market: str, open_: Callable[[Session], Callable[[str], None]], sessions: set[Session]
) -> web.StreamResponse:
    """Upgrades `request` and serves the connection until it ends.

    The connection beyond `CONNECTIONS_MAX` is refused with 429. `open_` gets the session and returns what takes each
    text message; `sessions` holds the connection while it lives.
    """
    if len(sessions) >= CONNECTIONS_MAX:
        return web.Response(status=429, text=f"at most {CONNECTIONS_MAX} connections", headers={"Retry-After": "1"})
    # Compression is declined, which every client accepts (binance.md §6); a pong of any content will do.
    ws = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=MESSAGE_BYTES_MAX, timeout=CLOSE_WAIT_S)
    await ws.prepare(request)
    session = Session(ws, request.transport)
    session.start(*PING_S[market])
    sessions.add(session)
    try:
        take = open_(session)
        await _read(session, take)
    finally:
        sessions.discard(session)
        session.stop()
        await session.finished()
        with contextlib.suppress(ConnectionError):
            await ws.close()
    return ws


async def _read(session: Session, take: Callable[[str], None]) -> None:
    """Hands on what the client sends until the connection ends."""
    ws, loop = session.ws, asyncio.get_running_loop()
    while session.open:
        message = await ws.receive()
        session.last_heard_s = loop.time()
        kind = message.type
        if kind is WSMsgType.TEXT:
            take(message.data)
        elif kind is WSMsgType.BINARY:
            take(message.data.decode("utf-8", "replace"))
        elif kind is WSMsgType.PING:
            with contextlib.suppress(ConnectionError):
                await ws.pong(message.data)
        elif kind is not WSMsgType.PONG:
            return


def faulty(session: Session, faults: Faults, where: str, market: str) -> Offer:
    """The session's `offer` behind the script's faults; the plain one where the script has none there."""
    if not faults.touches(where):
        return session.offer
    loop = asyncio.get_running_loop()

    def offer(payload: bytes) -> None:
        fault = faults.strike(where, market, payload[:400].decode("utf-8", "replace"))
        if fault is None:
            session.offer(payload)
        elif fault.kind == "silence":
            session.mute(fault.for_s)
        else:
            _spoil(session, fault, payload, loop)

    return offer


def _spoil(session: Session, fault: Fault, payload: bytes, loop: asyncio.AbstractEventLoop) -> None:
    """One message as the script wants it to go wrong."""
    if fault.kind == "delay":
        loop.call_later(fault.delay_ms / 1_000, session.offer, payload)
    elif fault.kind == "duplicate":
        session.offer(payload)
        session.offer(payload)
    elif fault.kind == "disconnect":
        session.close(CLOSE_GOING_AWAY, b"fault: disconnect")
    elif fault.kind == "rate_limit":
        session.close(CLOSE_POLICY, b"Too many requests")
    elif fault.kind == "error":
        session.close(1011, b"fault: internal error")
