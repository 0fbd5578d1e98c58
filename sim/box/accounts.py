"""Who may trade in the box: accounts, their API keys and what they start with (catalogue: S1).

Every account has an HMAC key with its secret and an Ed25519 key, for which the venue keeps the public half; both are
registered on both markets. Keys follow from the seed: the same seed gives the same keys.
"""

import base64
import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from sim.box.errors import ApiError
from sim.box.params import decimal_e8

DEFAULT_BALANCES = {"spot": {"USDT": "100000", "BTC": "1"}, "usdm": {"USDT": "100000"}}


class AccountsError(ValueError):
    """An accounts file that cannot be used; the text names the field and its value."""


@dataclass(slots=True)
class Account:
    """One trader; `settings` of the USD-M market live beside the credentials because they survive restarts there."""

    name: str
    key: str
    secret: bytes
    ed25519_key: str
    ed25519_pem: str
    public: Ed25519PublicKey
    balances: dict[str, dict[str, str]]
    ids: dict[str, int] = field(default_factory=dict)

    def shown(self) -> dict[str, object]:
        """What the verb prints, so that a client can trade as this account."""
        return {
            "key": self.key,
            "secret": self.secret.decode(),
            "ed25519_key": self.ed25519_key,
            "ed25519_pem": self.ed25519_pem,
            "balances": self.balances,
        }


def _token(seed: int, index: int, what: str) -> str:
    """64 letters and digits that follow from the seed."""
    digest = hashlib.sha512(f"tickwright box {seed} {index} {what}".encode()).digest()
    return base64.b64encode(digest, b"xX").decode()[:64]


def _account(name: str, fields: dict[str, object], seed: int, index: int) -> Account:
    """One account, with generated credentials for whatever `fields` leaves out."""
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(_token(seed, index, "ed25519").encode()).digest())
    pem = str(fields.get("ed25519_pem") or private.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())  # fmt: skip
    try:
        loaded = load_pem_private_key(pem.encode(), None)
    except ValueError as why:
        raise AccountsError(f"account {name}: ed25519_pem is not a private key ({why})") from None
    if not isinstance(loaded, Ed25519PrivateKey):
        raise AccountsError(f"account {name}: ed25519_pem must be an Ed25519 key, was {type(loaded).__name__}")
    return Account(
        name=name,
        key=str(fields.get("key") or _token(seed, index, "key")),
        secret=str(fields.get("secret") or _token(seed, index, "secret")).encode(),
        ed25519_key=str(fields.get("ed25519_key") or _token(seed, index, "edkey")),
        ed25519_pem=pem,
        public=loaded.public_key(),
        balances=_balances(name, fields.get("balances")),
    )


def _balances(name: str, wanted: object) -> dict[str, dict[str, str]]:
    """Opening balances, checked: market → asset → decimal text."""
    if wanted is None:
        return {market: dict(assets) for market, assets in DEFAULT_BALANCES.items()}
    if not isinstance(wanted, dict):
        raise AccountsError(f"account {name}: balances must be a table of spot and usdm, was {wanted!r}")
    checked: dict[str, dict[str, str]] = {"spot": {}, "usdm": {}}
    for market, assets in wanted.items():
        if market not in checked or not isinstance(assets, dict):
            raise AccountsError(f"account {name}: balances.{market} must be a table under spot or usdm")
        for asset, amount in assets.items():
            try:
                _, used = decimal_e8(str(amount), asset)
            except ApiError:
                used = 99
            if used > 8:
                raise AccountsError(f"account {name}: balances.{market}.{asset} must be a decimal, was {amount!r}")
            checked[market][str(asset)] = str(amount)
    return checked


def default_accounts(seed: int) -> list[Account]:
    """The two accounts of the contract in commands.md."""
    return [_account(name, {}, seed, index) for index, name in enumerate(("alpha", "beta"))]


def load_accounts(path: Path, seed: int) -> list[Account]:
    """Accounts of a TOML (`[[accounts]]`) or JSON (`{"accounts": [...]}`, as the verb prints) file."""
    try:
        raw = path.read_text()
        data = json.loads(raw) if path.suffix == ".json" else tomllib.loads(raw)
    except (OSError, ValueError) as why:
        raise AccountsError(f"accounts file {path}: {why}") from None
    rows = data.get("accounts") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise AccountsError(f"accounts file {path}: accounts must be a list of tables, was {type(rows).__name__}")
    accounts = [_account(str(row.get("name") or f"account{i}"), row, seed, i) for i, row in enumerate(rows)]
    keys = [key for account in accounts for key in (account.key, account.ed25519_key)]
    if len(set(keys)) != len(keys):
        raise AccountsError(f"accounts file {path}: every key must be different, was {keys}")
    return accounts
