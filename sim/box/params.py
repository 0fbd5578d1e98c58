"""Request parameters: from raw query, body or JSON to typed values, each refusal naming its parameter (catalogue: S1).

Numbers stay text until they become integers of 1e-8; no float is made. Exponent forms (`1e-05`), which clients that
work with floats send, are normalised here before any precision check (binance.md §4).
"""

import json
import re
from collections.abc import Iterable
from typing import NewType
from urllib.parse import unquote_plus

from sim.box.encoding import encode
from sim.box.errors import NUMBER_RANGE, refuse
from sim.box.listing import DECIMALS

E8 = NewType("E8", int)

_PLAIN = re.compile(r"([0-9]{1,20})(?:\.([0-9]{0,20}))?\Z")
_EXPONENT = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,20}))?[eE]([+-]?[0-9]{1,2})\Z")
_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}\Z")
_INTEGER = re.compile(r"-?[0-9]{1,19}\Z")
CLIENT_ID_RANGE = "^[\\.A-Z\\:/a-z0-9_-]{1,36}$"
PARAMETERS_MAX = 64


class NumberText(str):
    """A JSON number kept as the text the client sent, so that signatures and ids can be reproduced exactly."""

    __slots__ = ()


def split_pairs(raw: str) -> Iterable[tuple[str, str]]:
    """Decoded `name, value` pairs of one raw query or form body, in order."""
    for part in raw.split("&"):
        if part:
            name, _, value = part.partition("=")
            if "%" in value or "+" in value:
                value = unquote_plus(value)
            yield name, value


def parse_raw(query: str, body: str) -> dict[str, str]:
    """Parameters of a REST request wherever they travel; the query wins over the body, doubles are refused."""
    values: dict[str, str] = {}
    for raw in (query, body):
        seen: set[str] = set()
        for name, value in split_pairs(raw):
            if name in seen:
                raise refuse("DUPLICATED_PARAMETER")
            seen.add(name)
            values.setdefault(name, value)
    if len(values) > PARAMETERS_MAX:
        raise refuse("TOO_MANY_PARAMETERS")
    return values


def parse_json(params: dict[str, object]) -> dict[str, str]:
    """Parameters of a WebSocket-API request as text, lists and flags as the JSON they were."""
    if len(params) > PARAMETERS_MAX:
        raise refuse("TOO_MANY_PARAMETERS")
    values: dict[str, str] = {}
    for name, value in params.items():
        if isinstance(value, str):
            values[name] = value
        elif isinstance(value, bool):
            values[name] = "true" if value else "false"
        elif value is not None:
            values[name] = encode(value)
    return values


def decimal_e8(text: str, name: str) -> tuple[int, int]:
    """A non-negative decimal as (units of 1e-8 cut, decimals used); anything else is refused by name."""
    plain = _PLAIN.match(text)
    if plain:
        whole, digits = plain[1], (plain[2] or "").rstrip("0")
    else:
        whole, digits = _expand(text, name)
    used = len(digits)
    if used <= DECIMALS:
        return int(whole + digits.ljust(DECIMALS, "0")), used
    return int(whole + digits[:DECIMALS]), used


def _expand(text: str, name: str) -> tuple[str, str]:
    """Whole and fractional digits of a number in exponent form."""
    match = _EXPONENT.match(text)
    if not match:
        raise refuse("ILLEGAL_CHARS", name, NUMBER_RANGE)
    digits = match[1] + (match[2] or "")
    point = len(match[1]) + int(match[3])
    if abs(int(match[3])) > 30:
        raise refuse("ILLEGAL_CHARS", name, NUMBER_RANGE)
    if point <= 0:
        digits, point = "0" * (1 - point) + digits, 1
    digits = digits.ljust(point, "0")
    return digits[:point], digits[point:].rstrip("0")


class Params:
    """The parameters of one request, read by name and type."""

    __slots__ = ("values",)

    def __init__(self, values: dict[str, str]) -> None:
        """Wraps the decoded `values`."""
        self.values = values

    def has(self, name: str) -> bool:
        """Whether the parameter came with a value."""
        return bool(self.values.get(name))

    def text(self, name: str) -> str:
        """A parameter that must be there."""
        value = self.values.get(name)
        if not value:
            raise refuse("MANDATORY", name)
        return value

    def optional(self, name: str) -> str | None:
        """A parameter that may be missing; an empty one is refused."""
        value = self.values.get(name)
        if value == "":
            raise refuse("EMPTY", name)
        return value

    def choice(self, name: str, allowed: Iterable[str], default: str | None, error: str) -> str:
        """One of `allowed`, or the table's refusal `error`."""
        value = self.optional(name)
        if value is None:
            if default is None:
                raise refuse("MANDATORY", name)
            return default
        if value not in allowed:
            raise refuse(error, name) if error == "BAD_VALUE" else refuse(error)
        return value

    def integer(self, name: str) -> int | None:
        """A whole number, or None where it was not sent."""
        value = self.optional(name)
        if value is None:
            return None
        if not _INTEGER.match(value):
            raise refuse("ILLEGAL_CHARS", name, "^[0-9]{1,20}$")
        return int(value)

    def limit(self, default: int, top: int, name: str = "limit") -> int:
        """A count between 1 and `top`: larger ones are cut to `top`, as the venue does; zero or less is refused."""
        value = self.integer(name)
        if value is None:
            return default
        if value <= 0:
            raise refuse("BAD_VALUE", name)
        return min(value, top)

    def flag(self, name: str, default: bool = False) -> bool:
        """`true` or `false`, in any case."""
        value = self.optional(name)
        if value is None:
            return default
        lowered = value.lower()
        if lowered not in ("true", "false"):
            raise refuse("BAD_VALUE", name)
        return lowered == "true"

    def decimal(self, name: str) -> tuple[int, int] | None:
        """A decimal as (units of 1e-8, decimals used), or None where it was not sent."""
        value = self.optional(name)
        return None if value is None else decimal_e8(value, name)

    def client_id(self, name: str) -> str | None:
        """A client order id, echoed verbatim later; at most 36 characters."""
        value = self.optional(name)
        if value is not None and not _CLIENT_ID.match(value):
            raise refuse("ILLEGAL_CHARS", name, CLIENT_ID_RANGE)
        return value

    def names(self, name: str) -> list[str] | None:
        """A JSON array of texts such as `symbols=["A","B"]`."""
        value = self.optional(name)
        if value is None:
            return None
        try:
            names = json.loads(value)
        except ValueError:
            raise refuse("ILLEGAL_CHARS", name, '["SYMBOL",...]') from None
        if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
            raise refuse("ILLEGAL_CHARS", name, '["SYMBOL",...]')
        return names

    def span(self) -> tuple[int | None, int | None]:
        """`startTime` and `endTime` in ms; an end before the start is refused."""
        start, end = self.integer("startTime"), self.integer("endTime")
        if start is not None and end is not None and end < start:
            raise refuse("COMBINATION")
        return start, end
