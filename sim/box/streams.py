"""The market-data and listen-key WebSockets: paths, SUBSCRIBE and its errors (catalogue: S1).

Every form of binance.md §6: `/ws/<names>`, `/stream?streams=`, `/`, and on USD-M the same below `/public`, `/market`
and `/private`, which are served alike (being lenient there is safe, §8).
"""

import json
from collections.abc import Callable
from urllib.parse import unquote

from aiohttp import web

from sim.box.clock import NS_PER_MS, NS_PER_US
from sim.box.desk import Desk
from sim.box.encoding import encode
from sim.box.faults import Faults
from sim.box.hub import STREAMS_MAX, Topic
from sim.box.params import NumberText, split_pairs
from sim.box.session import Session
from sim.box.users import Ear
from sim.box.wire import converse, faulty

ROUTES = ("/public", "/market", "/private")
METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")


def is_stream_path(market: str, path: str) -> bool:
    """Whether an upgrade on `path` opens a stream connection."""
    bare = _unrouted(market, path)
    return bare in ("", "/", "/ws", "/stream") or bare.startswith(("/ws/", "/stream/"))


def _unrouted(market: str, path: str) -> str:
    if market == "linear":
        for route in ROUTES:
            if path == route or path.startswith(route + "/"):
                return path[len(route) :]
    return path


class RequestError(Exception):
    """A stream request that cannot be done: `code` and text as the venue sends them."""

    def __init__(self, code: int, msg: str) -> None:
        """Names the fault."""
        super().__init__(msg)
        self.code = code
        self.msg = msg


class StreamClient:
    """One stream connection and what it is subscribed to."""

    def __init__(self, desk: Desk, session: Session, faults: Faults, combined: bool, tick_ns: int) -> None:
        """Subscribed to nothing yet; `combined` wraps payloads with their stream's name."""
        self.combined = combined
        self._desk = desk
        self._tick_ns = tick_ns
        self.offer = faulty(session, faults, "stream", desk.market)
        self._tell = faulty(session, faults, "user", desk.market)
        self._reply = session.offer
        self._topics: dict[str, Topic] = {}
        self._ears: dict[str, tuple[str, Ear]] = {}

    def leave(self) -> None:
        """Ends every subscription."""
        for topic in self._topics.values():
            self._desk.hub.unsubscribe(topic, self)
        for account, ear in self._ears.values():
            self._desk.users.leave(account, ear)

    def add(self, name: str, wanted: frozenset[str] | None = None) -> None:
        """Subscribes to a stream name or a listen key; `wanted` limits a listen key's events."""
        if name in self._topics or name in self._ears or not name:
            return
        owner = self._desk.users.owner(name, self._desk.clock.now_ns())
        if owner is not None:
            prefix, suffix = (f'{{"stream":"{name}","data":'.encode(), b"}") if self.combined else (b"", b"")
            ear = Ear(self._tell, self._tick_ns, prefix, suffix, wanted)
            self._desk.users.listen(owner, ear)
            self._ears[name] = (owner, ear)
            return
        if len(self._topics) >= STREAMS_MAX[self._desk.market]:
            raise RequestError(2, f"Invalid request: at most {STREAMS_MAX[self._desk.market]} streams per connection")
        self._topics[name] = self._desk.hub.subscribe(name, self._tick_ns, self)

    def drop(self, name: str) -> None:
        """Ends one subscription; one that is not there is no fault."""
        topic = self._topics.pop(name, None)
        if topic is not None:
            self._desk.hub.unsubscribe(topic, self)
        account, ear = self._ears.pop(name, ("", None))
        if ear is not None:
            self._desk.users.leave(account, ear)

    def take(self, text: str) -> None:
        """One message of the client, answered with its own id."""
        request_id: object = None
        try:
            frame = _parse(text)
            request_id = frame.get("id")
            answer: dict[str, object] = {"result": self._act(frame), "id": None}
        except RequestError as why:
            answer = {"error": {"code": why.code, "msg": why.msg}, "id": None}
        self._reply(with_id(answer, request_id))

    def _act(self, frame: dict[str, object]) -> object:
        method, params = frame.get("method"), frame.get("params", [])
        if method not in METHODS:
            wanted = ", ".join(f"`{name}`" for name in METHODS)
            raise RequestError(2, f"Invalid request: unknown variant `{method}`, expected one of {wanted}")
        if method == "LIST_SUBSCRIPTIONS":
            return [*self._topics, *self._ears]
        if not isinstance(params, list):
            raise RequestError(2, "Invalid request: params must be an array")
        if method == "SET_PROPERTY":
            return self._set(params)
        if method == "GET_PROPERTY":
            if params != ["combined"]:
                raise RequestError(0, "Unknown property")
            return self.combined
        if not all(isinstance(name, str) and not isinstance(name, NumberText) for name in params):
            raise RequestError(2, "Invalid request: stream names must be strings")
        for name in params:
            if method == "SUBSCRIBE":
                self.add(str(name))
            else:
                self.drop(str(name))
        return None

    def _set(self, params: list[object]) -> object:
        if len(params) != 2 or params[0] != "combined":
            raise RequestError(0, "Unknown property")
        if not isinstance(params[1], bool):
            raise RequestError(1, "Invalid value type: expected Boolean")
        self.combined = params[1]
        return None


def _parse(text: str) -> dict[str, object]:
    try:
        frame = json.loads(text, parse_int=NumberText, parse_float=NumberText)
    except (ValueError, RecursionError) as why:
        raise RequestError(3, f"Invalid JSON: {why}") from None
    if not isinstance(frame, dict):
        raise RequestError(3, "Invalid JSON: expected an object")
    if isinstance(frame.get("id"), (dict, list, bool)):
        raise RequestError(2, "Invalid request: request ID must be an unsigned integer")
    return frame


def with_id(answer: dict[str, object], request_id: object) -> bytes:
    """An answer as JSON with the request's id last, in the type and digits it came in."""
    answer.pop("id", None)
    shown = str(request_id) if isinstance(request_id, NumberText) else json.dumps(request_id)
    return f'{encode(answer)[:-1]},"id":{shown}}}'.encode()


class StreamFace:
    """Opens stream connections of one market."""

    def __init__(self, desk: Desk, faults: Faults, sessions: set[Session]) -> None:
        """Serves the streams of `desk`; live connections are kept in `sessions`."""
        self._desk = desk
        self._faults = faults
        self._sessions = sessions

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """One stream connection from upgrade to end."""
        path, _, query = request.raw_path.partition("?")
        path = _unrouted(self._desk.market, path)
        options = dict(split_pairs(query))
        combined = path.startswith("/stream")
        micro = options.get("timeUnit", "").upper() == "MICROSECOND" and self._desk.market == "spot"
        clients: list[StreamClient] = []

        def begin(session: Session) -> Callable[[str], None]:
            client = StreamClient(self._desk, session, self._faults, combined, NS_PER_US if micro else NS_PER_MS)
            clients.append(client)
            self._subscribe(client, path, options)
            return client.take

        try:
            return await converse(request, self._desk.market, begin, self._sessions)
        finally:
            for client in clients:
                client.leave()

    def _subscribe(self, client: StreamClient, path: str, options: dict[str, str]) -> None:
        """The streams that path and query name."""
        names = unquote(path).split("/")[2:] + options.get("streams", "").split("/")
        for name in names[: STREAMS_MAX[self._desk.market]]:
            client.add(name)
        if "listenKey" in options:
            events = options.get("events")
            client.add(options["listenKey"], frozenset(events.split("/")) if events else None)
