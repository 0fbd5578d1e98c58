"""The box's two servers, spot and USD-M, each with REST, streams and WebSocket API on one port (catalogue: S1)."""

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from sim.box import (
    info,
    market_data,
    report,
    spot_account,
    spot_orders,
    spot_replace,
    tickers,
    usdm_account,
    usdm_algo,
    usdm_batch,
    usdm_countdown,
    usdm_income,
    usdm_legs,
    usdm_listen_key,
    usdm_orders,
    usdm_settings,
)
from sim.box.accounts import Account
from sim.box.auth import KeyRing
from sim.box.desk import Desk
from sim.box.errors import refuse
from sim.box.faults import Faults
from sim.box.faults_file import load_script
from sim.box.http_door import House, HttpDoor
from sim.box.pace import Pace, generate
from sim.box.publish import Publisher
from sim.box.replay import Replay, find_recordings, together
from sim.box.rest import RestFace, refused
from sim.box.session import CLOSE_GOING_AWAY, Session
from sim.box.streams import StreamFace, is_stream_path
from sim.box.tls import CA_FILE, serve_with
from sim.box.ws_api import PATHS, ApiFace

# Importing these modules fills the tables of requests.
HANDLERS = (
    info, market_data, tickers, spot_orders, spot_replace, spot_account,
    usdm_orders, usdm_algo, usdm_batch, usdm_account, usdm_listen_key, usdm_settings, usdm_legs,
    usdm_countdown, usdm_income,
)  # fmt: skip
HOST = "127.0.0.1"
LINE_BYTES_MAX = 64 * 1024
SHUTDOWN_S = 1.0
LAST_WORD_S = 0.02


@dataclass(frozen=True, slots=True)
class Options:
    """What the verb was asked for; `limit_factor` scales the venue's request limits."""

    seed: int = 1
    port: int = 0
    speed: float = 1.0
    limit_factor: float = 1.0
    faults: Path | None = None
    captures: tuple[Path, ...] = ()
    tls: Path | None = None


class MarketServer:
    """One market on one port."""

    def __init__(self, desk: Desk, accounts: list[Account], faults: Faults) -> None:
        """Prepares the three faces of `desk`, which go wrong as `faults` say."""
        self.desk = desk
        keys = KeyRing(accounts, desk.clock)
        self._sessions: set[Session] = set()
        self._rest = RestFace(desk, keys, faults)
        self._streams = StreamFace(desk, faults, self._sessions)
        self._api = ApiFace(desk, keys, faults, self._sessions)
        self._runner: web.ServerRunner | None = None
        self._listener: asyncio.Server | None = None
        self._house: House | None = None
        self.port = 0

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Sends what is not a plain request, mostly the upgrades to WebSockets, to the face it belongs to."""
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return await self._rest.answer(request)
        path = request.raw_path.partition("?")[0].rstrip("/")
        if path == PATHS[self.desk.market]:
            return await self._api.serve(request)
        if is_stream_path(self.desk.market, path):
            return await self._streams.serve(request)
        return refused(refuse("NOT_FOUND", "GET", path)).response()

    async def start(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        """Listens on `port` (0: a free one), behind `tls` where it is given; OSError when the port is taken."""
        self._runner = web.ServerRunner(
            web.Server(self._handle, max_field_size=LINE_BYTES_MAX, max_line_size=LINE_BYTES_MAX, access_log=None),
            handle_signals=False,
            shutdown_timeout=SHUTDOWN_S,
        )
        await self._runner.setup()
        aiohttp_server = self._runner.server
        assert aiohttp_server is not None, "setup makes the server"
        self._house = house = House(self._rest.respond, aiohttp_server, self.desk.clock)
        self._listener = await asyncio.get_running_loop().create_server(lambda: HttpDoor(house), HOST, port, ssl=tls)
        self.port = int(self._listener.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Closes every connection and the port."""
        now_ms = self.desk.clock.now_ms()
        for session in list(self._sessions):
            session.offer(session.shutdown(now_ms))
        # The writers get a turn before the connections end.
        await asyncio.sleep(LAST_WORD_S)
        for session in list(self._sessions):
            session.close(CLOSE_GOING_AWAY, b"server shutdown")
        if self._listener is not None:
            self._listener.close()
        if self._house is not None:
            for door in list(self._house.doors):
                door.close()
        if self._runner is not None:
            await self._runner.cleanup()


class BoxServer:
    """Both markets and what moves them."""

    def __init__(self, accounts: list[Account], options: Options) -> None:
        """Opens the markets; nothing listens yet."""
        self._options = options
        self.accounts = accounts
        script = load_script(options.faults, options.seed)
        self.clock = script.clock()
        self.markets: list[MarketServer] = []
        self._paces: list[Pace] = []
        recordings = find_recordings(options.captures)
        for market in ("spot", "linear"):
            desk = Desk(market, accounts, self.clock, options.seed, options.limit_factor)
            desk.users.key_ns = script.listen_key_ns
            report.attach(desk)
            steps = [
                Replay(desk, recording, options.speed).step for recording in recordings if recording.market == market
            ]
            replayed = frozenset(recording.symbol for recording in recordings if recording.market == market)
            generate(desk, options.speed, replayed)
            self.markets.append(MarketServer(desk, accounts, Faults(script, self.clock)))
            self._paces.append(Pace(desk, Publisher(desk), together(steps) if steps else None))
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> dict[str, object]:
        """Listens and moves; returns the addresses and accounts as the verb prints them."""
        directory = self._options.tls
        tls = None if directory is None else serve_with(directory, self.clock.now_ms())
        for offset, market in enumerate(self.markets):
            await market.start(self._options.port + offset if self._options.port else 0, tls)
        self._tasks = [asyncio.create_task(pace.run()) for pace in self._paces]
        spot, usdm = (f"{HOST}:{market.port}" for market in self.markets)
        safe = "" if tls is None else "s"
        return {
            "spot_rest": f"http{safe}://{spot}",
            "spot_ws": f"ws{safe}://{spot}",
            "spot_ws_api": f"ws{safe}://{spot}{PATHS['spot']}",
            "usdm_rest": f"http{safe}://{usdm}",
            "usdm_ws": f"ws{safe}://{usdm}",
            "usdm_ws_api": f"ws{safe}://{usdm}{PATHS['linear']}",
            **({} if directory is None else {"ca": str(directory / CA_FILE)}),
            "accounts": [account.shown() for account in self.accounts],
        }

    async def failed(self) -> None:
        """Returns, by raising its fault, when a market stops moving."""
        await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        """Stops both markets and closes every connection; BrokenError if money was made or lost while they ran."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(market.stop() for market in self.markets))
        for market in self.markets:
            market.desk.exchange.check()
