"""The REST face: raw request to handler to JSON, with limits, signatures and headers on the way (catalogue: S1)."""

import asyncio
import json
import logging

from aiohttp import web

from sim.box.auth import KeyRing, rest_payload
from sim.box.clock import NS_PER_MS, NS_PER_US
from sim.box.desk import Desk
from sim.box.errors import ApiError, refuse
from sim.box.faults import Fault, Faults
from sim.box.params import Params, parse_raw
from sim.box.table import TABLES, Call, Method

BODY_BYTES_MAX = 64 * 1024
_JSON = "application/json;charset=UTF-8"
_log = logging.getLogger(__name__)


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
        method = self._table.rest.get((request.method, path))
        if method is None:
            return _response(refuse("NOT_FOUND", request.method, path).body(), 404, {})
        body = ""
        if request.can_read_body:
            body = (await request.read()).decode("utf-8", "surrogateescape")
        fault = self._faults and self._faults.strike("rest", self._desk.market, f"{request.method} {path}")
        if fault:
            return await self._faulty(fault, request, method, query, body)
        return self._serve(request, method, query, body)

    def _serve(self, request: web.BaseRequest, method: Method, query: str, body: str) -> web.Response:
        """The request without any fault."""
        limiter, now = self._desk.limiter, self._desk.clock.now_ns()
        client = request.remote or ""
        account: str | None = None
        headers: dict[str, str] = {}
        try:
            params = Params(parse_raw(query, body))
            limiter.charge(client, method.cost(params), now)
            call = self._call(request, method, params, query, body)
            account = call.account.name if call.account else None
            if method.orders and account is not None:
                limiter.charge_orders(account, method.orders, now)
            result, status = method.call(call), 200
        except ApiError as why:
            result, status = why.body(), why.status
            if why.retry_after_s is not None:
                headers["Retry-After"] = str(why.retry_after_s)
        except Exception:
            # A fault of the box itself: the client gets the venue's words for it, the log the trace.
            _log.exception("request %s %s failed", request.method, request.raw_path)
            unknown = refuse("UNKNOWN")
            result, status = unknown.body(), unknown.status
        headers.update(limiter.headers(client, account, bool(method.orders), now))
        return _response(result, status, headers)

    def _call(self, request: web.BaseRequest, method: Method, params: Params, query: str, body: str) -> Call:
        """Checks key, time and signature as the method demands."""
        unit = NS_PER_MS
        if request.headers.get("X-MBX-TIME-UNIT", "").upper() == "MICROSECOND" and self._desk.market == "spot":
            unit = NS_PER_US
        call = Call(self._desk, params, None, unit, request.remote or "")
        if method.security == "NONE":
            return call
        credential = self._keys.key(request.headers.get("X-MBX-APIKEY"))
        if method.security == "SIGNED":
            payload, signature = rest_payload(query, body)
            self._keys.check_time(params.values)
            self._keys.verify(credential, payload, signature)
        call.account = credential.account
        return call

    async def _faulty(
        self, fault: Fault, request: web.BaseRequest, method: Method, query: str, body: str
    ) -> web.StreamResponse:
        """The request as the script wants it to go wrong."""
        if fault.kind == "rate_limit":
            error = refuse("TOO_MANY_WEIGHT", 1, 1, "MINUTE")
            return _response(error.body(), error.status, {"Retry-After": "1"})
        if fault.kind == "delay":
            await asyncio.sleep(fault.delay_ms / 1_000)
            return self._serve(request, method, query, body)
        if fault.kind == "error" and not fault.accepted:
            error = refuse("DISCONNECTED")
            return _response(error.body(), error.status, {})
        answer = self._serve(request, method, query, body)
        if fault.kind == "error":
            error = refuse("UNEXPECTED")
            return _response(error.body(), error.status, {})
        if fault.kind == "duplicate":
            # The request reaches the venue twice, as after a retry inside the network.
            self._serve(request, method, query, body)
            return answer
        if fault.kind == "silence":
            await asyncio.sleep(min(fault.for_s, 3_600))
        if request.transport is not None:
            request.transport.abort()
        return answer


def _response(result: object, status: int, headers: dict[str, str]) -> web.Response:
    body = json.dumps(result, separators=(",", ":")).encode()
    headers["Content-Type"] = _JSON
    return web.Response(body=body, status=status, headers=headers)
