"""Finds a strategy's class by its name: an entry point of the group `tickwright.strategies`, or `module:Class`.

catalogue: P1.
"""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import entry_points
from pathlib import Path

from pycore.errors import InputError
from pycore.strategy import Strategy

GROUP = "tickwright.strategies"


def find(kind: str) -> type[Strategy]:
    """The class behind a registered name or a `module:Class`. Raises `InputError` that names what was asked for."""
    if ":" in kind:
        found = by_path(kind)
    else:
        known = {entry.name: entry for entry in entry_points(group=GROUP)}
        if kind not in known:
            raise InputError(f"strategy kind must be one of {', '.join(sorted(known))} or module:Class, was {kind!r}")
        found = known[kind].load()
    if not (isinstance(found, type) and issubclass(found, Strategy)):
        raise InputError(f"strategy kind must name a subclass of tickwright.Strategy, was {kind!r}")
    return found


def by_path(kind: str) -> object:
    """What `module:name` names, the working directory searched last. InputError where there is none."""
    module, _, name = kind.partition(":")
    # A strategy lies where its author works; last, so that no file there can stand in for a room of ours.
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise InputError(f"strategy module cannot be imported ({error}), was {kind!r}") from None
    except AttributeError:
        raise InputError(f"strategy class is not in module {module}, was {kind!r}") from None
