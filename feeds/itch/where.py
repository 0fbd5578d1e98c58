"""Where an ITCH channel is received, from `--option NAME=VALUE`: multicast lines and a re-request server, or a server.

catalogue: M1, M3, M7. `lines=GROUP:PORT[@INTERFACE]` once or twice, separated by a comma, is MoldUDP64, with
`requests=HOST:PORT` for what both lines lost and `tries=N` requests for each hole. `soup=HOST:PORT` with `user=NAME` is
SoupBinTCP; its password stands in the environment, under the name that `password-env` gives. `session=NAME` and
`next=NUMBER` say where to go on; `orders=N` is the room for orders that are alive.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from feeds.mold import Channel, Group
from feeds.soup import Login
from native._core import InputError

NAMES = ("lines", "requests", "tries", "soup", "user", "password-env", "session", "next", "orders")
PASSWORD_ENV = "TICKWRIGHT_ITCH_PASSWORD"
_ORDERS = 1 << 18
_NUMBERS = {"tries": (1, 1_000), "next": (1, 1 << 40), "orders": (1, 1 << 26)}


@dataclass(frozen=True)
class Where:
    """One channel: its lines or its server, and the room for orders that are alive."""

    at: Channel | Login
    orders_max: int = _ORDERS

    @property
    def next_number(self) -> int:
        """The first message that is wanted; 1 is the beginning of the session."""
        return self.at.next_number

    @property
    def text(self) -> str:
        """Where it is received, for people and for the head of a recording."""
        if isinstance(self.at, Login):
            return f"soupbintcp://{self.at.host}:{self.at.port}"
        return "moldudp64://" + ",".join(f"{line.address}:{line.port}@{line.interface}" for line in self.at.lines)


def where(given: Sequence[str]) -> Where:
    """What the options say. InputError names the option that is wrong, missing or not known."""
    options = _pairs(given)
    orders_max = _number(options, "orders", _ORDERS)
    if ("lines" in options) == ("soup" in options):
        raise InputError(f"--option must give lines or soup for the venue itch, was {' '.join(given) or 'nothing'}")
    if "soup" in options:
        return Where(_login(options), orders_max)
    lines = [_group(text) for text in options["lines"].split(",")]
    requests = _place("requests", options["requests"]) if "requests" in options else None
    number = _number(options, "next", 1)
    tries = _number(options, "tries", 20)
    return Where(Channel(lines, requests, tries, options.get("session"), number), orders_max)


def _pairs(given: Sequence[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if name not in NAMES or not equals or not value or name in options:
            raise InputError(f"--option must be one of {', '.join(NAMES)} with =VALUE, each once, was {text}")
        options[name] = value
    return options


def _login(options: Mapping[str, str]) -> Login:
    host, port = _place("soup", options["soup"])
    variable = options.get("password-env", PASSWORD_ENV)
    password = os.environ.get(variable)
    if password is None or "user" not in options:
        wanted = f"the environment variable {variable}" if password is None else "the option user"
        raise InputError(f"--option soup must come with {wanted}, was without")
    return Login(host, port, options["user"], password, options.get("session", ""), _number(options, "next", 1))


def _group(text: str) -> Group:
    place, _, interface = text.partition("@")
    return Group(*_place("lines", place), interface or "0.0.0.0")


def _place(name: str, text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise InputError(f"--option {name} must be an address and a port as in 127.0.0.1:9000, was {text}")
    return host, int(port)


def _number(options: Mapping[str, str], name: str, usual: int) -> int:
    text, (low, high) = options.get(name), _NUMBERS[name]
    if text is None:
        return usual
    if not text.isdecimal() or not low <= int(text) <= high:
        raise InputError(f"--option {name} must be a number from {low} to {high}, was {text}")
    return int(text)
