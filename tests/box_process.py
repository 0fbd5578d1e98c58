"""The box as a client meets it: a process on free ports, and requests signed by hand."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from yarl import URL

ROOT = Path(__file__).resolve().parents[1]
STOP_S = 20.0
WAIT_S = 30.0


@contextlib.contextmanager
def running_box(*arguments: str) -> Iterator[dict[str, Any]]:
    """Starts `tickwright box` and yields its first line; SIGTERM must end it with 0."""
    command = [sys.executable, "-m", "pycore.cli", "box", "--port", "0", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        try:
            code = process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert code == 0


class Signer:
    """One API key, HMAC or Ed25519."""

    def __init__(self, account: dict[str, Any], *, ed25519: bool = False) -> None:
        self.key: str = account["ed25519_key"] if ed25519 else account["key"]
        self._secret: str = account["secret"]
        self._private: Ed25519PrivateKey | None = None
        if ed25519:
            private = load_pem_private_key(account["ed25519_pem"].encode(), None)
            assert isinstance(private, Ed25519PrivateKey)
            self._private = private

    def sign(self, payload: str) -> str:
        if self._private is not None:
            return base64.b64encode(self._private.sign(payload.encode())).decode()
        return hmac.new(self._secret.encode(), payload.encode(), hashlib.sha256).hexdigest()

    def ws(self, **params: Any) -> dict[str, Any]:
        """Parameters of a signed WebSocket-API request."""
        full = {"apiKey": self.key, "timestamp": now_ms(), **params}
        payload = "&".join(f"{name}={full[name]}" for name in sorted(full))
        return {**full, "signature": self.sign(payload)}


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Rest:
    """Signed and plain REST requests to one market."""

    def __init__(self, session: aiohttp.ClientSession, base: str, signer: Signer) -> None:
        self._session = session
        self.base = base
        self.signer = signer

    async def raw(self, method: str, target: str, body: str = "", **headers: str) -> tuple[int, Any, Any]:
        """Sends exactly these bytes; (status, JSON body, headers)."""
        url = URL(self.base + target, encoded=True)
        data = body or None
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._session.request(method, url, data=data, headers=names) as answer:
            return answer.status, await answer.json(), answer.headers

    async def get(self, path: str, **params: Any) -> Any:
        """A public request that must succeed."""
        status, body, _ = await self.raw("GET", f"{path}?{urlencode(params)}" if params else path)
        assert status == 200, body
        return body

    async def signed(self, method: str, path: str, *, in_body: bool = False, **params: Any) -> tuple[int, Any]:
        """A signed request with its parameters in the query or in a form body."""
        query = urlencode({"timestamp": now_ms(), **params})
        query += "&signature=" + urlencode({"": self.signer.sign(query)})[1:]
        key = {"X-MBX-APIKEY": self.signer.key}
        if in_body:
            form = {"Content-Type": "application/x-www-form-urlencoded", **key}
            status, body, _ = await self.raw(method, path, query, **form)
        else:
            status, body, _ = await self.raw(method, f"{path}?{query}", **key)
        return status, body

    async def ok(self, method: str, path: str, **params: Any) -> Any:
        """A signed request that must succeed."""
        status, body = await self.signed(method, path, **params)
        assert status == 200, body
        return body


async def ask(ws: aiohttp.ClientWebSocketResponse, method: str, params: Any, request_id: Any = 1) -> Any:
    """One WebSocket request; returns the answer with the same id, other messages are dropped."""
    await ws.send_json({"id": request_id, "method": method, "params": params})
    while True:
        answer = await ws.receive_json(timeout=WAIT_S)
        if isinstance(answer, dict) and answer.get("id") == request_id and "id" in answer:
            return answer


async def until(ws: aiohttp.ClientWebSocketResponse, kind: str) -> Any:
    """The next event of that kind, unwrapped."""
    while True:
        message = await ws.receive_json(timeout=WAIT_S)
        event = message.get("event", message.get("data", message))
        if isinstance(event, dict) and event.get("e") == kind:
            return event
