"""The REST face: raw request to handler to JSON, with limits, signatures and headers on the way (catalogue: S1).

`serve` knows no socket: it takes what was asked as text and gives status, body and headers, so that tests can ask it
anything.
"""

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from sim.box.auth import KeyRing, rest_payload
from sim.box.clock import NS_PER_MS, NS_PER_US
from sim.box.desk import Desk
from sim.box.encoding import encode
from sim.box.errors import ApiError, refuse
from sim.box.faults import Fault, Faults
from sim.box.params import Params, parse_raw
from sim.box.table import TABLES, Call, Method

JSON = "application/json;charset=UTF-8"
_SILENCE_S_MAX = 3_600.0
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Asked:
    """One request as it came: raw query and body (undecodable bytes as surrogates), headers by name in capitals."""

    verb: str
    path: str
    query: str
    body: str
    headers: Mapping[str, str]
    client: str


@dataclass(slots=True)
class Answer:
    """One answer: status, what the JSON body says, and the headers beside Content-Type."""

    status: int
    body: object
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """The answer as aiohttp sends it."""
        body = encode(self.body).encode()
        return web.Response(body=body, status=self.status, headers={**self.headers, "Content-Type": JSON})


def refused(error: ApiError) -> Answer:
    """A refusal as an answer."""
    retry = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    return Answer(error.status, error.body(), retry)


# An answer that takes its time; None: the connection breaks.
Coming = Awaitable[Answer | None]


class RestFace:
    """Answers the REST requests of one market."""

    def __init__(self, desk: Desk, keys: KeyRing, faults: Faults) -> None:
        """Serves `desk` to holders of `keys`."""
        self._desk = desk
        self._table = TABLES[desk.market]
        self._keys = keys
        self._faults = faults if faults.touches("rest") else None

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request, whatever it is; every refusal is a JSON `{code, msg}`."""
        path, _, query = request.raw_path.partition("?")
        try:
            raw = await request.read() if request.can_read_body else b""
        except web.HTTPRequestEntityTooLarge:
            return refused(ApiError(-1101, "Too many parameters sent for this endpoint.", 413)).response()
        body = raw.decode("utf-8", "surrogateescape")
        got = self.respond(Asked(request.method, path, query, body, request.headers, request.remote or ""))
        answer = got if isinstance(got, Answer) else await got
        if answer is None:
            if request.transport is not None:
                request.transport.abort()
            answer = refused(refuse("DISCONNECTED"))
        return answer.response()

    def respond(self, asked: Asked) -> Answer | Coming:
        """The answer; where a scripted fault strikes, what will come of it."""
        fault = self._faults and self._faults.strike("rest", self._desk.market, f"{asked.verb} {asked.path}")
        return self._faulty(fault, asked) if fault else self.serve(asked)

    def serve(self, asked: Asked) -> Answer:
        """Does what was asked; a refused request has changed nothing but its client's meters."""
        method = self._table.rest.get((asked.verb, asked.path))
        if method is None:
            return refused(refuse("NOT_FOUND", asked.verb, asked.path))
        limiter, now = self._desk.limiter, self._desk.clock.now_ns()
        account: str | None = None
        try:
            params = Params(parse_raw(asked.query, asked.body))
            limiter.charge(asked.client, method.cost(params), now)
            call = self._call(asked, method, params)
            account = call.account.name if call.account else None
            if method.orders and account is not None:
                limiter.charge_orders(account, method.orders, now)
            answer = Answer(200, method.call(call))
        except ApiError as why:
            answer = refused(why)
        except Exception:
            # A fault of the box itself: the client gets the venue's words for it, the log the trace.
            _log.exception("request %s %s failed", asked.verb, asked.path)
            answer = refused(refuse("UNKNOWN"))
        answer.headers.update(limiter.headers(asked.client, account, bool(method.orders), now))
        return answer

    def _call(self, asked: Asked, method: Method, params: Params) -> Call:
        """Checks key, time and signature as the method demands."""
        unit = NS_PER_MS
        if self._desk.market == "spot" and asked.headers.get("X-MBX-TIME-UNIT", "").upper() == "MICROSECOND":
            unit = NS_PER_US
        call = Call(self._desk, params, None, unit, asked.client)
        if method.security == "NONE":
            return call
        credential = self._keys.key(asked.headers.get("X-MBX-APIKEY"))
        if method.security == "SIGNED":
            payload, signature = rest_payload(asked.query, asked.body)
            self._keys.check_time(params.values)
            self._keys.verify(credential, payload, signature)
        call.account = credential.account
        return call

    async def _faulty(self, fault: Fault, asked: Asked) -> Answer | None:
        """The request as the script wants it to go wrong; None hangs up."""
        if fault.kind == "rate_limit":
            return refused(fault.answer())
        if fault.kind == "delay":
            await asyncio.sleep(fault.delay_ms / 1_000)
            return self.serve(asked)
        if fault.kind == "error":
            if fault.accepted:
                self.serve(asked)
            return refused(fault.answer())
        answer = self.serve(asked)
        if fault.kind == "duplicate":
            # The request reaches the venue twice, as after a retry inside the network.
            self.serve(asked)
            return answer
        if fault.kind == "silence":
            await asyncio.sleep(min(fault.for_s, _SILENCE_S_MAX))
        return None
