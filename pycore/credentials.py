"""Secrets of an account: read from the environment or from a file that only its owner can read; never printed.

catalogue: K8. A secrets file (`feeds.private_file`) has `api_key` and either `secret` (HMAC-SHA256) or `ed25519_pem`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from feeds.private_file import PrivateFileError, private_table
from pycore.config import Secrets
from pycore.errors import ConfigError


@dataclass(frozen=True, repr=False)
class Credentials:
    """An API key with its signing secret: an HMAC secret or an Ed25519 private key in PEM, one of the two."""

    api_key: str
    secret: str | None = None
    ed25519_pem: str | None = None
    cache_password: str = ""
    """Redis's, where the configuration names one and it has one."""

    def __repr__(self) -> str:
        """Says which kind of secret it is and nothing else."""
        kind = "ed25519" if self.ed25519_pem else "hmac"
        return f"Credentials(api_key=***, {kind}=***)"

    def __str__(self) -> str:
        """The same as `repr`."""
        return repr(self)


def read(source: Secrets, environ: Mapping[str, str], section: str = "account") -> Credentials:
    """The credentials that a section names. Raises `ConfigError` with the variable or the file, never its content."""
    if source.secrets_file is not None:
        return _from_table(source.secrets_file, _read_file(source.secrets_file, f"{section}.secrets_file"))
    table = {"api_key": environ.get(source.key_env, "")}
    text = environ.get(source.secret_env, "")
    table["ed25519_pem" if text.lstrip().startswith("-----BEGIN") else "secret"] = text
    named = (("key_env", source.key_env), ("secret_env", source.secret_env))
    faults = [
        (name, f"is missing in the environment ({section}.{field} names it)")
        for field, name in named
        if not environ.get(name)
    ]
    if faults:
        raise ConfigError("secrets", faults)
    return _from_table("environment", table)


def _read_file(path: str, field: str) -> dict[str, object]:
    try:
        return private_table(path, field)
    except PrivateFileError as error:
        raise ConfigError(field, [error.fault]) from None


def _from_table(where: str, table: Mapping[str, object]) -> Credentials:
    faults = [
        (key, "must be api_key, secret or ed25519_pem")
        for key in table
        if key not in ("api_key", "secret", "ed25519_pem")
    ]
    texts = {key: value for key, value in table.items() if isinstance(value, str) and value}
    if "api_key" not in texts:
        faults.append(("api_key", "is missing"))
    if ("secret" in texts) == ("ed25519_pem" in texts):
        faults.append(("secret", "or ed25519_pem must be given, exactly one of them"))
    if faults:
        raise ConfigError(where, faults)
    return Credentials(texts["api_key"], texts.get("secret"), texts.get("ed25519_pem"))
