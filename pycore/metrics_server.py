"""Serves `/metrics` (Prometheus text) and `/health` (JSON, 200 or 503) of one engine over HTTP.

catalogue: Q3. Off unless `metrics.listen` names an address. It answers from the engine's own event loop, so an answer
is also a sign of life; it takes no commands and shows no secret.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from pycore.errors import ConfigError
from pycore.figures import Figures
from pycore.health import health
from pycore.metrics import CONTENT_TYPE, exposition
from pycore.session import Session


class MetricsServer:
    """The two pages of one session."""

    def __init__(self, session: Session, figures: Figures) -> None:
        """Listens to nothing yet."""
        self._session = session
        self._figures = figures

    def _look(self) -> tuple[bool, dict[str, Any], dict[str, Any]]:
        state = self._figures.state() if self._figures.there else {}
        well, body = health(self._session.phase, state, self._session.config)
        return well, body, state

    async def metrics(self, _request: web.Request) -> web.Response:
        """`GET /metrics`."""
        well, _, state = self._look()
        return web.Response(body=exposition(state, up=well), headers={"Content-Type": CONTENT_TYPE})

    async def health(self, _request: web.Request) -> web.Response:
        """`GET /health`: 200 where every part is ok, else 503; the body is the same kind of object."""
        well, body, _ = self._look()
        return web.json_response(body, status=200 if well else 503)


@asynccontextmanager
async def served(session: Session, figures: Figures) -> AsyncIterator[str]:
    """Serves inside the block; gives the base address, or an empty text where nothing is to be served.

    Raises `ConfigError` where the address cannot be taken.
    """
    if not session.config.metrics.listen:
        yield ""
        return
    pages = MetricsServer(session, figures)
    app = web.Application()
    app.add_routes([web.get("/metrics", pages.metrics), web.get("/health", pages.health)])
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    host, port = session.config.metrics.address()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        why = f"cannot be taken ({(error.strerror or str(error)).lower()}), was {session.config.metrics.listen}"
        raise ConfigError("configuration", [("metrics.listen", why)]) from None
    try:
        taken = runner.addresses[0]
        shown = f"[{taken[0]}]" if ":" in taken[0] else taken[0]
        yield f"http://{shown}:{taken[1]}"
    finally:
        await runner.cleanup()
