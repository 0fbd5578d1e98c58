"""Reads a configuration from its layers: TOML file, then environment, then command line, each over the one before.

catalogue: K8. `TICKWRIGHT__section__key=value` sets a key, a number in the path means a place in a list
(`TICKWRIGHT__instruments__0__tick=0.01`); `--set section.key=value` does the same. A value is read as TOML and, where
that fails, as text. All faults are told at once, each with its field's path and the value.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pycore.config import Config
from pycore.errors import ConfigError, SafetyError

PREFIX = "TICKWRIGHT__"
_SECRET_WORDS = ("secret", "password", "pem", "token", "api_key")


def load(path: str, environ: Mapping[str, str], overrides: Sequence[str] = ()) -> Config:
    """The configuration in the file `path` with the environment's and the command line's overrides applied.

    Raises `ConfigError` with every fault.
    """
    tree = _read(path)
    faults: list[tuple[str, str]] = []
    for source, keys, text in _layers(environ, overrides):
        fault = _set(tree, keys, _value(text))
        if fault:
            faults.append((source, fault))
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(path, faults + _told(error)) from None
    faults += config.faults()
    if faults:
        raise ConfigError(path, faults)
    return config


def check_live(config: Config, live_flag: bool) -> None:
    """Refuses to reach a real venue without both the configuration's mode and the flag. Raises `SafetyError`."""
    if live_flag and config.mode != "live":
        raise SafetyError(f"--live is given but mode does not consent, was {config.mode}")
    if config.mode == "live" and not live_flag:
        raise SafetyError("mode live needs --live on the command line, was absent")


def check_consent(config: Config, live_flag: bool) -> None:
    """Refuses what may not start: a real venue needs the configuration's mode, the flag, and reconciliation.

    Raises `SafetyError`; fails closed, so until reconciliation exists no live session starts at all.
    """
    check_live(config, live_flag)
    if config.mode == "live":
        raise SafetyError("mode live needs reconciliation, which this version does not have")


def _read(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, [("file", f"is not TOML: {error}")]) from None
    except UnicodeDecodeError:
        raise ConfigError(path, [("file", "is not UTF-8 text")]) from None
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise ConfigError(path, [("file", f"cannot be read ({reason}), was {path}")]) from None


def _layers(environ: Mapping[str, str], overrides: Sequence[str]) -> list[tuple[str, list[str], str]]:
    """(where it stands, path of keys, value text) of every override, in the order in which they apply."""
    found = [
        (name, name.removeprefix(PREFIX).split("__"), text)
        for name, text in sorted(environ.items())
        if name.startswith(PREFIX)
    ]
    for item in overrides:
        path, equals, text = item.partition("=")
        if not equals:
            raise ConfigError("--set", [(path, f"needs the form section.key=value, was {item}")])
        found.append((f"--set {path}", path.split("."), text))
    return found


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _set(tree: dict[str, Any], keys: list[str], value: object) -> str | None:
    """Sets a value in the tree; a sentence where the path leads through something that is not a section."""
    at: Any = tree
    for key in keys[:-1]:
        step = _step(at, key)
        if step is None:
            return f"is not a path in the configuration, was {'.'.join(keys)}"
        at = step
    last = keys[-1]
    if isinstance(at, dict):
        at[last] = value
        return None
    if isinstance(at, list) and last.isdecimal() and int(last) < len(at):
        at[int(last)] = value
        return None
    return f"is not a path in the configuration, was {'.'.join(keys)}"


def _step(at: Any, key: str) -> Any:
    if isinstance(at, dict):
        return at.setdefault(key, {})
    if isinstance(at, list) and key.isdecimal() and int(key) < len(at):
        return at[int(key)]
    return None


def _told(error: ValidationError) -> list[tuple[str, str]]:
    """Every fault of a validation as (field path, sentence with the value); a value that may be secret is masked."""
    told = []
    for item in error.errors():
        path = ".".join(str(part) for part in item["loc"]) or "configuration"
        why = item["msg"].removeprefix("Value error, ")
        why = why[0].lower() + why[1:]
        if item["type"] == "missing":
            told.append((path, "is missing"))
        elif isinstance(item["input"], dict | list) or ", was " in why:
            told.append((path, why))
        elif any(word in path.lower() for word in _SECRET_WORDS):
            told.append((path, f"{why}, was ***"))
        else:
            told.append((path, f"{why}, was {item['input']!r}"))
    return told
