"""Random faults for a long run, as a faults file of the box (docs/box.md): from one seed, over before the run ends.

catalogue: S9. Every fault of the exchange half of safety.md's catalogue that a box can make: requests lost, late and
answered with 5xx after they were carried out, reports lost and told twice, connections that end or say nothing, 429 and
418, and a venue whose clock is off.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

#: What goes wrong now and then during the whole run: kind, fields, probability of each request or message.
_DRIZZLE: tuple[tuple[str, str, float], ...] = (
    ("delay", 'where = "ws_api"\ndelay_ms = 300', 0.02),
    ("delay", 'where = "user"\ndelay_ms = 500', 0.02),
    ("delay", 'where = "rest"\ndelay_ms = 400', 0.05),
    ("drop", 'where = "ws_api"\nmatch = "order."', 0.005),
    ("drop", 'where = "user"', 0.005),
    ("drop", 'where = "stream"', 0.001),
    ("drop", 'where = "rest"', 0.02),
    ("duplicate", 'where = "user"', 0.02),
    ("duplicate", 'where = "stream"', 0.002),
    ("error", 'where = "ws_api"\nmatch = "order."\naccepted = true\ncode = -1007', 0.005),
    ("error", 'where = "ws_api"\nmatch = "order."\naccepted = false\ncode = -1001', 0.005),
    ("error", 'where = "rest"\naccepted = true\ncode = -1007', 0.02),
)


class Storm(NamedTuple):
    """What comes over the market for a while, at times that are random and `apart_s` from each other in the mean."""

    kind: str
    fields: str
    apart_s: float
    least_s: float
    most_s: float


_STORMS = (
    Storm("disconnect", 'where = "stream"', 100.0, 0.1, 1.0),
    Storm("disconnect", 'where = "user"', 120.0, 0.1, 1.0),
    Storm("disconnect", 'where = "ws_api"', 120.0, 0.1, 1.0),
    Storm("silence", 'where = "stream"', 180.0, 6.0, 12.0),
    Storm("silence", 'where = "user"', 240.0, 3.0, 8.0),
    Storm("delay", 'where = "ws_api"\ndelay_ms = 2500', 180.0, 1.0, 4.0),
    Storm("rate_limit", 'where = "ws_api"\nretry_after_s = 1', 300.0, 1.0, 3.0),
    Storm("rate_limit", 'where = "rest"\nban_after = 20\nretry_after_s = 2', 300.0, 1.0, 3.0),
    Storm("clock_skew", "skew_ms = 800", 300.0, 5.0, 20.0),
    Storm("clock_skew", "skew_ms = -800", 300.0, 5.0, 20.0),
)


def weather(seed: int, begin_s: float, end_s: float) -> str:
    """The text of a faults file whose faults all happen from `begin_s` to `end_s` after the box started."""
    chance, parts = Random(seed), [f"seed = {seed}\n"]
    for kind, fields, probability in _DRIZZLE:
        parts.append(_fault(kind, f"{fields}\nprobability = {probability}", begin_s, end_s - begin_s))
    for storm in _STORMS:
        for after_s, for_s in _windows(chance, storm, begin_s, end_s):
            parts.append(_fault(storm.kind, storm.fields, after_s, for_s))
    return "\n".join(parts)


def _windows(chance: Random, storm: Storm, begin_s: float, end_s: float) -> Iterator[tuple[float, float]]:
    """Times and lengths in s, a random time apart, the last over by `end_s`."""
    after_s = begin_s + chance.expovariate(1 / storm.apart_s)
    while after_s < end_s:
        for_s = min(chance.uniform(storm.least_s, storm.most_s), end_s - after_s)
        yield after_s, for_s
        after_s += for_s + chance.expovariate(1 / storm.apart_s)


def _fault(kind: str, fields: str, after_s: float, for_s: float) -> str:
    return f'[[fault]]\nkind = "{kind}"\n{fields}\nafter_s = {after_s:.3f}\nfor_s = {for_s:.3f}\n'
