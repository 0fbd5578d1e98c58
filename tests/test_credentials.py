"""Secrets: from the environment or a file that only its owner can read, and never in a text that we print."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from native._core import InputError
from oms.signing import Signer
from pycore import credentials
from pycore.config import Account
from pycore.credentials import Credentials
from pycore.errors import ConfigError

SECRET = "s3cr3t-that-must-not-show"
ENVIRON = {"TICKWRIGHT_API_KEY": "key-1", "TICKWRIGHT_API_SECRET": SECRET}


def write(path: Path, text: str, mode: int = 0o600) -> Account:
    """An account whose secrets file has this text and mode."""
    path.write_text(text)
    path.chmod(mode)
    return Account(secrets_file=str(path))


def test_secrets_come_from_the_environment() -> None:
    found = credentials.read(Account(), ENVIRON)
    assert (found.api_key, found.secret, found.ed25519_pem) == ("key-1", SECRET, None)


def test_a_pem_in_the_environment_is_an_ed25519_key() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"
    found = credentials.read(Account(), ENVIRON | {"TICKWRIGHT_API_SECRET": pem})
    assert (found.secret, found.ed25519_pem) == (None, pem)


def test_every_missing_variable_is_named() -> None:
    with pytest.raises(ConfigError) as raised:
        credentials.read(Account(), {})
    assert [field for field, _ in raised.value.faults] == ["TICKWRIGHT_API_KEY", "TICKWRIGHT_API_SECRET"]


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_file_is_read(tmp_path: Path, mode: int) -> None:
    account = write(tmp_path / "secrets.toml", f'api_key = "key-1"\nsecret = "{SECRET}"\n', mode)
    assert credentials.read(account, {}).secret == SECRET


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604, 0o700])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    account = write(tmp_path / "secrets.toml", f'api_key = "key-1"\nsecret = "{SECRET}"\n', mode)
    with pytest.raises(ConfigError, match=f"was {mode:04o}"):
        credentials.read(account, {})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    account = write(tmp_path / "secrets.toml", 'api_key = "k"\nsecret = "s"\n')
    os.chown(tmp_path / "secrets.toml", 65534, 65534)
    with pytest.raises(ConfigError, match="was uid 65534"):
        credentials.read(account, {})


def test_a_link_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "real.toml", 'api_key = "k"\nsecret = "s"\n')
    (tmp_path / "link.toml").symlink_to(tmp_path / "real.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        credentials.read(Account(secrets_file=str(tmp_path / "link.toml")), {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f'api_key = "k"\nsecret = {SECRET}\n', "is not TOML"),
        ('api_key = "k"\n', "exactly one"),
        ('api_key = "k"\nsecret = "a"\ned25519_pem = "b"\n', "exactly one"),
        (f'secret = "{SECRET}"\n', "api_key is missing"),
        (f'api_key = "k"\nsecret = "{SECRET}"\npassphrase = "{SECRET}"\n', "passphrase must be"),
    ],
)
def test_a_faulty_file_is_told_without_its_content(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as raised:
        credentials.read(write(tmp_path / "secrets.toml", text), {})
    assert SECRET not in str(raised.value)
    assert SECRET not in repr(raised.value)


def test_nothing_that_prints_shows_a_secret() -> None:
    found = Credentials("key-1", SECRET)
    for text in (repr(found), str(found), f"{found}", f"{[found]}", repr(Signer(found)), str(vars(Account()))):
        assert SECRET not in text
        assert "key-1" not in text


def test_hmac_signatures_equal_the_venue_documentation() -> None:
    # Binance API documentation, "SIGNED endpoint examples for POST /api/v3/order", HMAC keys, example 1.
    key = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
    secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
    query = (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    )
    wanted = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    assert Signer(Credentials(key, secret)).sign(query) == wanted


def test_ed25519_signs_and_an_unreadable_key_is_not_quoted() -> None:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    signer = Signer(Credentials("key-1", None, pem))
    params = signer.api_params({"timestamp": 1, "recvWindow": 2})
    assert list(params)[-1] == "signature"
    assert len(str(params["signature"])) == 88
    with pytest.raises(InputError, match="was unreadable") as raised:
        Signer(Credentials("key-1", None, f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"))
    assert SECRET not in str(raised.value)
