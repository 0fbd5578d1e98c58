"""A pool out of a file, whichever of the known forms its state was written in.

catalogue: S4, M6. One reader for every verb that begins with a recorded pool: `.json` and `.json.gz` hold one of the
forms of `feeds.chain.pool_state`, `.parquet` its table, any other name what `ClammPool.to_bytes` gives.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from feeds.chain.pool_state import from_arrow, full_state, tick_map
from native._core import ClammPool, InputError, TickwrightError


def read_json(file: Path) -> Any:
    """The document in a JSON file, which may be compressed by gzip. OSError, EOFError, ValueError where it is none."""
    raw = file.read_bytes()
    return json.loads(gzip.decompress(raw) if file.suffix == ".gz" else raw)


def open_pool(file: Path, field: str) -> ClammPool:
    """The pool of a state file. InputError that names `field` and the file where it is none."""
    try:
        return _read(file)
    except (OSError, EOFError, ValueError, LookupError, TypeError, TickwrightError, pa.ArrowException) as why:
        raise InputError(f"{field} must be a file with a pool's state ({why}), was {file}") from None


def _read(file: Path) -> ClammPool:
    if file.suffix == ".parquet":
        return from_arrow(pq.read_table(file))
    if ".json" not in file.suffixes:
        return ClammPool.from_bytes(file.read_bytes())
    document = read_json(file)
    return ClammPool.from_state(tick_map(document) if "scalars" in document else full_state(document))
