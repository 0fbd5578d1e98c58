"""Who signed a request, and when: HMAC-SHA256 and Ed25519 over the bytes as sent (catalogue: S1).

Rules: binance.md §4. REST signs the raw query followed by the raw body, both without their `signature` parameter, which
is found by name; the WebSocket API signs all parameters sorted by name.
"""

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature

from sim.box.accounts import Account
from sim.box.clock import NS_PER_MS, NS_PER_US, BoxClock
from sim.box.errors import refuse

RECV_WINDOW_MS = 5_000
RECV_WINDOW_MS_MAX = 60_000
AHEAD_MS_MAX = 1_000
_KEY = re.compile(r"[A-Za-z0-9_\-]{1,128}\Z")
_RECV_WINDOW = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,3}))?\Z")
# Ten to the fourteen: a millisecond count passes it in the year 5138, a microsecond count passed it in 1973.
_MICROSECONDS_FROM = 10**14


@dataclass(frozen=True, slots=True)
class Credential:
    """One API key: whose it is and how it signs."""

    account: Account
    ed25519: bool


class KeyRing:
    """All API keys of the venue."""

    def __init__(self, accounts: list[Account], clock: BoxClock) -> None:
        """Registers both keys of every account; times are checked against `clock`."""
        self._clock = clock
        self._keys: dict[str, Credential] = {}
        for account in accounts:
            self._keys[account.key] = Credential(account, False)
            self._keys[account.ed25519_key] = Credential(account, True)

    def key(self, api_key: str | None) -> Credential:
        """The owner of an API key; -2014 for one that cannot be a key, -2015 for one nobody has."""
        if not api_key or not _KEY.match(api_key):
            raise refuse("KEY_FORMAT")
        found = self._keys.get(api_key)
        if found is None:
            raise refuse("KEY")
        return found

    def check_time(self, values: dict[str, str]) -> None:
        """-1021 unless `timestamp` lies in (now - recvWindow, now + 1 s); both may be in ms or µs."""
        stamp = values.get("timestamp")
        if not stamp:
            raise refuse("MANDATORY", "timestamp")
        if not stamp.isdecimal() or len(stamp) > 17:
            raise refuse("ILLEGAL_CHARS", "timestamp", "^[0-9]{1,17}$")
        window_ns = self._window_ns(values.get("recvWindow"))
        sent = int(stamp)
        sent_ns = sent * (NS_PER_US if sent >= _MICROSECONDS_FROM else NS_PER_MS)
        age_ns = self._clock.now_ns() - sent_ns
        if age_ns < -AHEAD_MS_MAX * NS_PER_MS:
            raise refuse("TIMESTAMP_AHEAD")
        # A timestamp in ms is the start of its millisecond, so that much more has passed at most.
        if age_ns > window_ns:
            raise refuse("TIMESTAMP_OLD")

    @staticmethod
    def _window_ns(text: str | None) -> int:
        if text is None:
            return RECV_WINDOW_MS * NS_PER_MS
        match = _RECV_WINDOW.match(text)
        if not match:
            raise refuse("ILLEGAL_CHARS", "recvWindow", "^[0-9]{1,5}(\\.[0-9]{1,3})?$")
        window_us = int(match[1]) * 1_000 + int((match[2] or "").ljust(3, "0"))
        if window_us > RECV_WINDOW_MS_MAX * 1_000:
            raise refuse("RECV_WINDOW")
        return window_us * NS_PER_US

    @staticmethod
    def verify(credential: Credential, payload: bytes, signature: str | None) -> None:
        """-1022 unless `signature` (hex for HMAC, base64 for Ed25519) is right for `payload`."""
        if not signature:
            raise refuse("MANDATORY", "signature")
        if credential.ed25519:
            try:
                credential.account.public.verify(base64.b64decode(signature, validate=True), payload)
            except (InvalidSignature, binascii.Error, ValueError):
                raise refuse("SIGNATURE") from None
            return
        wanted = hmac.new(credential.account.secret, payload, sha256).hexdigest()
        if not hmac.compare_digest(wanted.encode(), signature.lower().encode("utf-8", "surrogateescape")):
            raise refuse("SIGNATURE")


def _without_signature(raw: str) -> tuple[str, str | None]:
    """One raw query or body without its `signature` parameter, and that parameter's decoded value."""
    if "signature=" not in raw:
        return raw, None
    kept: list[str] = []
    signature: str | None = None
    for part in raw.split("&"):
        if part.startswith("signature="):
            # `+` stays a plus: base64 has it, and form encoding of the value would have sent %2B for it.
            signature = unquote(part[10:])
        else:
            kept.append(part)
    return "&".join(kept), signature


def rest_payload(query: str, body: str) -> tuple[bytes, str | None]:
    """The bytes a REST request signed and its signature, wherever it travels."""
    bare_query, in_query = _without_signature(query)
    bare_body, in_body = _without_signature(body)
    return (bare_query + bare_body).encode("utf-8", "surrogateescape"), in_body or in_query


def ws_payload(values: dict[str, str]) -> bytes:
    """The bytes a WebSocket-API request signed: every parameter but `signature`, sorted by name."""
    return "&".join(f"{k}={values[k]}" for k in sorted(values) if k != "signature").encode("utf-8", "surrogatepass")
