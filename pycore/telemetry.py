"""What a running engine shows and obeys: state published over ZeroMQ PUB, commands over a REP socket, both msgpack.

catalogue: K5, K7, Q3. One message a tick on topic `state`; slow subscribers lose messages (a high-water mark of 16),
never the engine's time. Commands: `{"verb": "stop" | "halt" | "resume" | "cancel_all" | "kill"}`, all but the first
with an optional `scope` (all, strategy, symbol) and its `subject` by name, answered by `{"ok": bool, "why": str}`; a
kill with `"flatten": true` closes the scope's USD-M positions too.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgpack
import zmq
import zmq.asyncio

from pycore import kill
from pycore.errors import InputError, TickwrightError
from pycore.figures import Figures
from pycore.session import Session
from risk.marker import Target

_VERBS = ("halt", "resume", "cancel_all", "kill")
_HIGH_WATER = 16


class Telemetry:
    """The two sockets of one engine; `publish_at` and `control_at` are the addresses they were bound to."""

    def __init__(self, session: Session, figures: Figures) -> None:
        """Binds both sockets; port 0 takes a free one."""
        self._session = session
        self._figures = figures
        self._context = zmq.asyncio.Context()
        self._publisher = self._context.socket(zmq.PUB)
        self._publisher.setsockopt(zmq.SNDHWM, _HIGH_WATER)
        self._control = self._context.socket(zmq.REP)
        self._publisher.bind(session.config.telemetry.publish)
        self._control.bind(session.config.telemetry.control)
        self.publish_at: str = self._publisher.getsockopt_string(zmq.LAST_ENDPOINT)
        self.control_at: str = self._control.getsockopt_string(zmq.LAST_ENDPOINT)
        self.count = 0

    async def publish(self) -> None:
        """Publishes the state of now."""
        self.count += 1
        body = msgpack.packb(self._figures.state(), default=str)
        await self._publisher.send_multipart([b"state", body])

    async def run(self) -> None:
        """Publishes at the configured interval until cancelled."""
        while True:
            await self.publish()
            await asyncio.sleep(self._session.config.telemetry.every_ms / 1e3)

    async def obey(self) -> None:
        """Answers commands until cancelled; what a command raises in the core goes to the supervisor."""
        while True:
            request = await self._control.recv()
            await self._control.send(msgpack.packb(self._obey(request)))

    def close(self) -> None:
        """Closes both sockets at once."""
        self._publisher.close(linger=100)
        self._control.close(linger=0)
        self._context.term()

    def _obey(self, request: bytes) -> dict[str, Any]:
        try:
            fields = msgpack.unpackb(request)
            verb, target = fields["verb"], Target(fields.get("scope", "all"), fields.get("subject", ""))
            flattens = verb == "kill" and fields.get("flatten", False) is True
        except (ValueError, KeyError, TypeError, AttributeError, msgpack.UnpackException):
            return {"ok": False, "why": "a command must be a msgpack map with a verb"}
        if verb == "stop":
            self._session.stop_asked.set()
        elif verb in _VERBS:
            try:
                kill.command(self._session, verb, target, flattens=flattens)
            except InputError as error:
                return {"ok": False, "why": str(error)}
        else:
            return {"ok": False, "why": f"verb must be stop or one of {', '.join(_VERBS)}, was {verb!r}"}
        return {"ok": True, "why": ""}


async def command(address: str, verb: str, timeout_s: float = 5.0, **more: str | bool) -> dict[str, Any]:
    """Sends one command with its other fields. Raises `TickwrightError` where no answer comes in time."""
    context = zmq.asyncio.Context()
    socket = context.socket(zmq.REQ)
    try:
        socket.connect(address)
        await socket.send(msgpack.packb({"verb": verb, **more}))
        answer: dict[str, Any] = msgpack.unpackb(await asyncio.wait_for(socket.recv(), timeout_s))
    except TimeoutError:
        raise TickwrightError(f"engine at {address} must answer within {timeout_s} s, was silent") from None
    finally:
        socket.close(linger=0)
        context.term()
    return answer
