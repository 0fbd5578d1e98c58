"""Finds the class of a strategy of a pool: an entry point of `tickwright.liquidity`, or `module:Class`.

catalogue: P1, P4. Any class with `propose` is taken, not only those built on our base class.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from pycore.chain_proposal import ChainStrategy
from pycore.errors import InputError
from pycore.strategy_load import by_path

GROUP = "tickwright.liquidity"


def find(kind: str) -> Callable[[dict[str, Any]], ChainStrategy]:
    """The class, which takes its parameters as one dict. Raises `InputError` that names what was asked for."""
    found: Any
    if ":" in kind:
        found = by_path(kind)
    else:
        known = {entry.name: entry for entry in entry_points(group=GROUP)}
        if kind not in known:
            raise InputError(f"STRATEGY must be one of {', '.join(sorted(known))} or module:Class, was {kind!r}")
        found = known[kind].load()
    if not callable(getattr(found, "propose", None)):
        raise InputError(f"STRATEGY must name a class with `propose` (a ChainStrategy), was {kind!r}")
    made: Callable[[dict[str, Any]], ChainStrategy] = found
    return made
