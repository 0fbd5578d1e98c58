"""The WebSocket APIs: `/ws-api/v3` of spot and `/ws-fapi/v1` of USD-M (catalogue: S1).

Rules: binance.md §7. Requests reach the same handlers as REST; what belongs to a connection (log-on, user-data
subscriptions) lives here.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sim.box.accounts import Account
from sim.box.auth import Credential, KeyRing, ws_payload
from sim.box.clock import NS_PER_MS, NS_PER_US
from sim.box.desk import Desk
from sim.box.encoding import encode
from sim.box.errors import ApiError, refuse
from sim.box.faults import Fault, Faults
from sim.box.params import NumberText, Params, parse_json, split_pairs
from sim.box.session import CLOSE_GOING_AWAY, Session
from sim.box.table import TABLES, Call, Method
from sim.box.users import Ear
from sim.box.wire import converse, faulty

PATHS = {"spot": "/ws-api/v3", "linear": "/ws-fapi/v1"}
CONNECT_WEIGHT = 2
_log = logging.getLogger(__name__)


class ApiClient:
    """One WebSocket-API connection: who logged on, and which accounts it listens to."""

    def __init__(self, desk: Desk, keys: KeyRing, session: Session, faults: Faults, request: web.BaseRequest) -> None:
        """Nobody has logged on; the URL of `request` may set `timeUnit` and `returnRateLimits`."""
        options = dict(split_pairs(request.raw_path.partition("?")[2]))
        self._desk = desk
        self._table = TABLES[desk.market]
        self._keys = keys
        self._session = session
        session.wrapped = desk.market == "spot"
        self._client = request.remote or ""
        self._faults = faults if faults.touches("ws_api") else None
        self._tell = faulty(session, faults, "user", desk.market)
        micro = options.get("timeUnit", "").upper() == "MICROSECOND" and desk.market == "spot"
        self._tick_ns = NS_PER_US if micro else NS_PER_MS
        self._limits_shown = options.get("returnRateLimits", "true").lower() != "false"
        self._logon: Credential | None = None
        self._logon_ms = 0
        self._ears: dict[int, tuple[Account, Ear]] = {}
        self._next_ear = 0
        self._own: dict[str, Callable[[dict[str, str]], object]] = {
            "session.logon": self._session_logon,
            "session.status": lambda _values: self._status(),
            "session.logout": self._session_logout,
        }
        if desk.market == "spot":
            self._own |= {
                "session.subscriptions": lambda _values: [{"subscriptionId": number} for number in self._ears],
                "userDataStream.subscribe": self._subscribe,
                "userDataStream.subscribe.signature": self._subscribe_signed,
                "userDataStream.unsubscribe": self._unsubscribe,
            }

    def leave(self) -> None:
        """Ends every user-data subscription."""
        for account, ear in self._ears.values():
            self._desk.users.leave(account.name, ear)
        self._ears.clear()

    def take(self, text: str) -> None:
        """One request of the client, answered with its own id."""
        try:
            frame = json.loads(text, parse_int=NumberText, parse_float=NumberText)
        except (ValueError, RecursionError):
            frame = None
        if not isinstance(frame, dict):
            error = ApiError(-1135, "Invalid JSON Request")
            self._session.offer(_envelope(None, 400, error.body(), None))
            return
        fault = self._faults and self._faults.strike("ws_api", self._desk.market, str(frame.get("method")))
        if fault:
            self._faulty(fault, frame)
        else:
            self._session.offer(self.answer(frame))

    def answer(self, frame: dict[str, Any]) -> bytes:
        """Does what `frame` asks for and returns the whole answer."""
        request_id = frame.get("id")
        shown = self._limits_shown
        account: str | None = None
        orders = False
        retry_after_s: int | None = None
        try:
            values = self._values(frame)
            shown = values.get("returnRateLimits", "true" if shown else "false").lower() != "false"
            method = frame.get("method")
            own = self._own.get(method) if isinstance(method, str) else None
            if own is not None:
                self._desk.limiter.charge(self._client, 2, self._desk.clock.now_ns())
                result, status = own(values), 200
            else:
                found = self._table.ws.get(method) if isinstance(method, str) else None
                if found is None:
                    raise ApiError(-1130, f"Unknown method '{method}'.")
                call = self._call(found, values)
                account, orders = (call.account.name if call.account else None), bool(found.orders)
                result, status = found.call(call), 200
        except ApiError as why:
            result, status, retry_after_s = why.body(), why.status, why.retry_after_s
        except Exception:
            # A fault of the box itself: the client gets the venue's words for it, the log the trace.
            _log.exception("request %.400r failed", frame)
            unknown = refuse("UNKNOWN")
            result, status = unknown.body(), unknown.status
        if retry_after_s is not None and isinstance(result, dict):
            now_ms = self._desk.clock.now_ms()
            result["data"] = {"serverTime": now_ms, "retryAfter": now_ms + retry_after_s * 1_000}
        limits = self._limits(account, orders) if shown else None
        return _envelope(request_id, status, result, limits)

    @staticmethod
    def _values(frame: dict[str, Any]) -> dict[str, str]:
        params = frame.get("params", {})
        if not isinstance(params, dict):
            raise ApiError(-1135, "Invalid 'params' in JSON request; expected an object.")
        return parse_json(params)

    def _call(self, method: Method, values: dict[str, str]) -> Call:
        """Checks limits, key, time and signature as the method demands."""
        desk, now = self._desk, self._desk.clock.now_ns()
        params = Params(values)
        desk.limiter.charge(self._client, method.cost(params), now)
        call = Call(desk, params, None, self._tick_ns, self._client)
        if method.security == "NONE":
            return call
        call.account = self._who(values, method.security == "SIGNED").account
        if method.orders:
            desk.limiter.charge_orders(call.account.name, method.orders, now)
        return call

    def _who(self, values: dict[str, str], signed: bool) -> Credential:
        """The key that speaks: the request's own, or else the one that logged on."""
        if "apiKey" not in values and self._logon is not None:
            if signed:
                self._keys.check_time(values)
            return self._logon
        if "apiKey" not in values:
            raise refuse("MANDATORY", "apiKey")
        credential = self._keys.key(values["apiKey"])
        if signed:
            self._keys.check_time(values)
            self._keys.verify(credential, ws_payload(values), values.get("signature"))
        return credential

    def _session_logon(self, values: dict[str, str]) -> object:
        """Only Ed25519 keys may log on."""
        if "apiKey" not in values:
            raise refuse("MANDATORY", "apiKey")
        credential = self._keys.key(values["apiKey"])
        if not credential.ed25519:
            raise ApiError(-4056, "HMAC_SHA256 API key is not supported.")
        self._keys.check_time(values)
        self._keys.verify(credential, ws_payload(values), values.get("signature"))
        self._logon, self._logon_ms = credential, self._desk.clock.now_ns() // self._tick_ns
        return self._status()

    def _session_logout(self, _values: dict[str, str]) -> object:
        self._logon = None
        return self._status()

    def _status(self) -> dict[str, object]:
        account = self._logon.account if self._logon else None
        return {
            "apiKey": account.ed25519_key if account else None,
            "authorizedSince": self._logon_ms if account else None,
            "connectedSince": None if account is None else self._logon_ms,
            "returnRateLimits": self._limits_shown,
            "serverTime": self._desk.clock.now_ns() // self._tick_ns,
            "userDataStream": bool(self._ears),
        }

    def _subscribe(self, _values: dict[str, str]) -> object:
        if self._logon is None:
            raise refuse("KEY")
        return self._listen(self._logon.account)

    def _subscribe_signed(self, values: dict[str, str]) -> object:
        return self._listen(self._who(values, True).account)

    def _listen(self, account: Account) -> object:
        if any(owner is account for owner, _ in self._ears.values()):
            raise ApiError(-2035, "User Data Stream subscription already active.")
        number, self._next_ear = self._next_ear, self._next_ear + 1
        prefix = f'{{"subscriptionId":{number},"event":'.encode()
        ear = Ear(self._tell, self._tick_ns, prefix, b"}")
        self._desk.users.listen(account.name, ear)
        self._ears[number] = (account, ear)
        return {"subscriptionId": number}

    def _unsubscribe(self, values: dict[str, str]) -> object:
        """Ends one subscription, or all without an id."""
        number = Params(values).integer("subscriptionId")
        if number is not None and number not in self._ears:
            raise ApiError(-2036, "User Data Stream subscription not active.")
        for gone in [number] if number is not None else list(self._ears):
            self._terminate(gone)
        return {}

    def _terminate(self, number: int) -> None:
        """Ends a subscription and says so on it, which makes clients subscribe again if they did not mean it."""
        account, ear = self._ears.pop(number)
        self._desk.users.leave(account.name, ear)
        event = f'{{"e":"eventStreamTerminated","E":{self._desk.clock.now_ns() // self._tick_ns}}}'
        ear.offer(ear.prefix + event.encode() + ear.suffix)

    def _limits(self, account: str | None, orders: bool) -> list[dict[str, object]]:
        return self._desk.limiter.rows(self._client, account, orders, self._desk.clock.now_ns())

    def _faulty(self, fault: Fault, frame: dict[str, Any]) -> None:
        """The request as the script wants it to go wrong."""
        session = self._session
        if fault.kind == "rate_limit":
            session.offer(self._fault_answer(fault, frame))
        elif fault.kind == "delay":
            loop = asyncio.get_running_loop()
            loop.call_later(fault.delay_ms / 1_000, lambda: session.offer(self.answer(frame)))
        elif fault.kind == "error":
            if fault.accepted:
                self.answer(frame)
            session.offer(self._fault_answer(fault, frame))
        elif fault.kind == "disconnect":
            self.answer(frame)
            session.close(CLOSE_GOING_AWAY, b"fault: disconnect")
        elif fault.kind == "duplicate":
            session.offer(self.answer(frame))
            session.offer(self.answer(frame))
        else:
            # What is asked is done, and nothing is said: once (drop), or on this connection for a while (silence).
            if fault.kind == "silence":
                session.mute(fault.for_s)
            self.answer(frame)

    def _fault_answer(self, fault: Fault, frame: dict[str, Any]) -> bytes:
        """The refusal of a scripted error or rate limit."""
        error = fault.answer()
        body = error.body()
        if error.retry_after_s is not None:
            now_ms = self._desk.clock.now_ms()
            body["data"] = {"serverTime": now_ms, "retryAfter": now_ms + error.retry_after_s * 1_000}
        return _envelope(frame.get("id"), error.status, body, self._limits(None, False))


def _envelope(request_id: object, status: int, result: object, limits: list[dict[str, object]] | None) -> bytes:
    """The answer's frame; the id comes back in the type and digits it came in."""
    key = "result" if status == 200 else "error"
    body = encode(result)
    shown = str(request_id) if isinstance(request_id, NumberText) else json.dumps(request_id)
    tail = "" if limits is None else f',"rateLimits":{encode(limits)}'
    return f'{{"id":{shown},"status":{status},"{key}":{body}{tail}}}'.encode()


class ApiFace:
    """Opens WebSocket-API connections of one market."""

    def __init__(self, desk: Desk, keys: KeyRing, faults: Faults, sessions: set[Session]) -> None:
        """Serves `desk` to holders of `keys`; live connections are kept in `sessions`."""
        self._desk = desk
        self._keys = keys
        self._faults = faults
        self._sessions = sessions

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """One connection from upgrade to end."""
        clients: list[ApiClient] = []

        def begin(session: Session) -> Callable[[str], None]:
            client = ApiClient(self._desk, self._keys, session, self._faults, request)
            clients.append(client)
            return client.take

        try:
            return await converse(request, self._desk.market, begin, self._sessions)
        finally:
            for client in clients:
                client.leave()
