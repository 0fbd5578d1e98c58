"""Final logs of pools as rows of the data dictionary's `pools`, into the lake, ClickHouse or PostgreSQL.

catalogue: M7. A log is written when its block is `final_depth` below the last complete one: what a reorganisation takes
back was never archived, so no row has ever to be taken out. How far it is stands in the store beside the rows, and is
moved after them: a restart writes some rows again, and the store knows them by their block and place in it.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from feeds.chain.events import ChainEvent, Header, Log, What
from feeds.chain.follow import FINAL_DEPTH
from feeds.chain.pool_logs import Event, Value, event_of, fields_of
from feeds.lake_schema import SCHEMAS
from feeds.ports import Clock
from feeds.store.ports import Store

CHANNEL = "pools"
#: Rows that are written at once; fewer where nothing more is final.
ROWS_MAX = 50_000
_LOG_BITS = 20


class _Held(NamedTuple):
    """A log that is not final yet, with what it will be stored under."""

    seq: int
    header: Header
    log: Log
    received_ns: int


def venue_of(chain_id: int) -> str:
    """What a chain is called in the store: `evm-1` is Ethereum."""
    return f"evm-{chain_id}"


class Archive:
    """One chain's pool logs on their way into one store; a sink of `ChainSource`."""

    def __init__(self, store: Store, chain_id: int, clock: Clock, *, final_depth: int = FINAL_DEPTH) -> None:
        """`final_depth` is how many blocks must stand on a log's block."""
        self.rows = 0
        self._store, self._clock, self._chain_id = store, clock, chain_id
        self._final_depth = final_depth
        self._held: deque[_Held] = deque()
        self._until = self._after()

    @property
    def next_block(self) -> int | None:
        """The first block that is not archived whole; None before anything was."""
        return self._until

    @property
    def _place(self) -> str:
        return f"chains/{venue_of(self._chain_id)}"

    def _after(self) -> int | None:
        text = self._store.kept(self._place)
        return None if text is None else int(json.loads(text)["next"])

    async def __call__(self, events: Sequence[ChainEvent]) -> None:
        """Takes events; what became final is written before this returns."""
        complete = None
        for event in events:
            if event.what is What.LOG and event.log is not None:
                self._held.append(_Held(event.seq, event.header, event.log, self._clock.utc_ns()))
            elif event.what is What.BLOCK:
                complete = event.header.number
            elif event.what is What.UNDONE:
                gone = {header.hash for header in event.undone}
                self._held = deque(held for held in self._held if held.header.hash not in gone)
        if complete is not None:
            await self._write(complete - self._final_depth)

    async def _write(self, final: int) -> None:
        """Writes the logs of blocks up to `final`, and then that they are there."""
        if final < 0 or (self._until is not None and final < self._until):
            return
        while self._held and self._held[0].header.number <= final:
            batch: list[_Held] = []
            while self._held and self._held[0].header.number <= final and len(batch) < ROWS_MAX:
                batch.append(self._held.popleft())
            table = _table(self._chain_id, batch)
            if table.num_rows:
                name = f"chain-{self._chain_id}-{batch[0].header.number}.{batch[0].log.log_index}"
                self.rows += await asyncio.to_thread(self._store.write, CHANNEL, table, name)
        self._until = final + 1
        await asyncio.to_thread(self._store.keep, self._place, json.dumps({"next": self._until}))


def _table(chain_id: int, batch: Sequence[_Held]) -> pa.Table:
    """Rows of the dictionary; logs that are no pool's are left out."""
    rows = [row for held in batch if (row := _row(chain_id, held)) is not None]
    return pa.Table.from_pylist(rows, SCHEMAS[CHANNEL])


def _row(chain_id: int, held: _Held) -> dict[str, Any] | None:
    header, log = held.header, held.log
    event = event_of(log.topics)
    if event is None:
        return None
    fields = _from_the_pool(event, fields_of(event, log.topics, log.data))
    ts_venue = header.time_s * 1_000_000_000
    texts = ("liquidity", "amount0", "amount1", "sqrt_price")
    return {
        "venue": venue_of(chain_id),
        "symbol": fields.get("id", f"0x{log.address.hex()}"),
        "day": str(np.datetime64(ts_venue, "ns").astype("M8[D]")),
        "record": held.seq,
        "ts_receive": held.received_ns,
        "ts_venue": ts_venue,
        "id": header.number << _LOG_BITS | log.log_index,
        "event": event.name.lower(),
        "block": header.number,
        "log_index": log.log_index,
        "transaction": f"0x{log.transaction.hex()}",
        "owner": fields.get("owner", fields.get("recipient", fields.get("to"))),
        "sender": fields.get("sender"),
        "lower": fields.get("lower"),
        "upper": fields.get("upper"),
        "tick": fields.get("tick"),
        **{name: str(fields[name]) if name in fields else None for name in texts},
        "topics": "0x" + b"".join(log.topics).hex(),
        "data": f"0x{log.data.hex()}",
    }


def _from_the_pool(event: Event, fields: dict[str, Value]) -> dict[str, Value]:
    """The amounts of a swap from the pool's side, as v3 tells them: positive went in."""
    if event.name != "Swap" or event.kind == "v3":
        return fields
    for name in ("amount0", "amount1"):
        if event.kind == "v4":
            fields[name] = -int(fields[name])
        else:
            fields[name] = int(fields[f"{name}_in"]) - int(fields[f"{name}_out"])
    return fields
