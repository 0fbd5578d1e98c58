"""Who listens to which account: user-data receivers and listen keys (catalogue: S1).

A spot account is heard over the WebSocket API (`userDataStream.subscribe…`), a USD-M account through a listen key.
Rules: binance.md §6 and §7. Listen keys live 60 minutes from their last PUT.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sim.box.accounts import Account
from sim.box.errors import refuse

LISTEN_KEY_NS = 3_600 * 1_000_000_000
PerUnit = Callable[[int], bytes]


@dataclass(eq=False, slots=True)
class Ear:
    """One receiver of an account's events: each is sent as `prefix + event + suffix`."""

    offer: Callable[[bytes], None]
    tick_ns: int
    prefix: bytes = b""
    suffix: bytes = b""
    wanted: frozenset[str] | None = None


@dataclass(slots=True)
class ListenKey:
    """One valid listen key and who listens through it."""

    key: str
    account: str
    until_ns: int


class Users:
    """The user-data receivers of one market."""

    def __init__(self, seed: int) -> None:
        """Nobody listens; listen keys follow from `seed`."""
        self._seed = seed
        self._serial = 0
        self.key_ns = LISTEN_KEY_NS
        self._ears: dict[str, list[Ear]] = {}
        self._keys: dict[str, ListenKey] = {}

    def listen(self, account: str, ear: Ear) -> None:
        """Adds a receiver of `account`."""
        self._ears.setdefault(account, []).append(ear)

    def leave(self, account: str, ear: Ear) -> None:
        """Removes a receiver; one that is gone already is no fault."""
        ears = self._ears.get(account, [])
        if ear in ears:
            ears.remove(ear)

    def heard(self, account: str) -> bool:
        """Whether anybody listens to `account`."""
        return bool(self._ears.get(account))

    def send(self, account: str, event: str, build: PerUnit) -> None:
        """Delivers an event named `event`; `build` encodes it once for each time unit that is listened to."""
        made: dict[int, bytes] = {}
        for ear in list(self._ears.get(account, ())):
            if ear.wanted is not None and event not in ear.wanted:
                continue
            payload = made.get(ear.tick_ns)
            if payload is None:
                payload = made[ear.tick_ns] = build(ear.tick_ns)
            ear.offer(ear.prefix + payload + ear.suffix)

    def open_key(self, account: Account, ts: int) -> str:
        """The account's listen key: the one that is valid, made to last, or a new one."""
        for held in self._keys.values():
            if held.account == account.name and held.until_ns > ts:
                held.until_ns = ts + self.key_ns
                return held.key
        self._serial += 1
        raw = f"tickwright listen key {self._seed} {account.name} {self._serial}".encode()
        key = hashlib.sha256(raw).hexdigest()
        self._keys[key] = ListenKey(key, account.name, ts + self.key_ns)
        return key

    def keep_key(self, account: Account, ts: int) -> str:
        """Makes the account's valid key last another hour; -1125 without one."""
        for held in self._keys.values():
            if held.account == account.name and held.until_ns > ts:
                held.until_ns = ts + self.key_ns
                return held.key
        raise refuse("LISTEN_KEY")

    def close_key(self, account: Account) -> None:
        """Ends the account's listen key; its streams fall silent."""
        for key in [held.key for held in self._keys.values() if held.account == account.name]:
            del self._keys[key]
            self._ears.pop(account.name, None)

    def owner(self, key: str, ts: int) -> str | None:
        """The account behind a valid listen key."""
        held = self._keys.get(key)
        return held.account if held is not None and held.until_ns > ts else None

    def expire(self, ts: int) -> None:
        """Ends the keys whose hour is over and tells those who listen through them."""
        for held in [held for held in self._keys.values() if held.until_ns <= ts]:
            del self._keys[held.key]
            self.send(held.account, "listenKeyExpired", _expired(held.key, ts))
            self._ears.pop(held.account, None)


def _expired(key: str, ts: int) -> PerUnit:
    return lambda tick_ns: f'{{"e":"listenKeyExpired","E":{ts // tick_ns},"listenKey":"{key}"}}'.encode()
