"""Signs the few requests that Python makes itself: account queries, listen keys, subscriptions, the last resort.

catalogue: O2. Binance API documentation, "SIGNED endpoint security": HMAC-SHA256 in hex or Ed25519 in base64 over
the query string (REST) or over all parameters sorted by name (WebSocket API). Orders are signed in the core.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from native import _core


class Secrets(Protocol):
    """What a signer reads of an account's credentials; `pycore.credentials.Credentials` is one."""

    @property
    def api_key(self) -> str:
        """The public key name."""

    @property
    def secret(self) -> str | None:
        """The HMAC secret."""

    @property
    def ed25519_pem(self) -> str | None:
        """The Ed25519 private key in PEM."""


class Signer:
    """Signs texts with an account's secret and never shows it."""

    def __init__(self, secrets: Secrets) -> None:
        """Reads the key once; an unreadable PEM is an `InputError` that does not quote it."""
        self.api_key = secrets.api_key
        self._hmac: bytes | None = None
        self._ed25519: Ed25519PrivateKey | None = None
        if secrets.ed25519_pem is None:
            self._hmac = (secrets.secret or "").encode()
            return
        try:
            key = load_pem_private_key(secrets.ed25519_pem.encode(), password=None)
        except ValueError:
            raise _core.InputError("ed25519_pem must be an unencrypted private key in PEM, was unreadable") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise _core.InputError(f"ed25519_pem must be an Ed25519 key, was {type(key).__name__}")
        self._ed25519 = key

    def __repr__(self) -> str:
        """Names the kind of key only."""
        return "Signer(ed25519)" if self._ed25519 else "Signer(hmac)"

    @property
    def logs_on(self) -> bool:
        """Whether the venue lets this key log on: Binance grants `session.logon` to Ed25519 keys only."""
        return self._ed25519 is not None

    def sign(self, text: str) -> str:
        """The signature of a text: hex for HMAC, base64 for Ed25519."""
        if self._ed25519 is not None:
            return base64.b64encode(self._ed25519.sign(text.encode())).decode()
        return hmac.new(self._hmac or b"", text.encode(), hashlib.sha256).hexdigest()

    def query(self, params: Mapping[str, str | int]) -> str:
        """A REST query string with its signature last."""
        text = urlencode(params)
        return f"{text}&signature={quote(self.sign(text), safe='')}"

    def api_params(self, params: Mapping[str, str | int]) -> dict[str, str | int]:
        """The parameters of a WebSocket-API request with apiKey and signature added."""
        full: dict[str, str | int] = {**params, "apiKey": self.api_key}
        text = "&".join(f"{name}={full[name]}" for name in sorted(full))
        return {**full, "signature": self.sign(text)}
