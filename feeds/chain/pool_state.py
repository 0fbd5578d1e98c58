"""States of pools as the world writes them down, as the one form that `ClammPool` reads; and batches of logs for it.

catalogue: S4, M6. Three JSON forms are known: a full state (slot0, ticks with everything outside, observations), a map
with `[gross, net]` a tick, and the rows of a v3 simulator. The Arrow form is ours: a row a tick, the rest is JSON in
the metadata of the schema. What a form does not tell is 0, or unknown for balances; nothing is guessed silently.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from native._core import ClammPool, InputError

State = dict[str, Any]
#: The largest packed share of the protocol that a Uniswap pool can have: ten and ten, four bits each.
_FEE_PROTOCOL_MAX = 10 | 10 << 4
_KEY = b"tickwright.pool"


def _tick(gross: int, net: int, row: Mapping[str, Any] | None = None) -> State:
    """A tick as `ClammPool` names its parts."""
    row = row or {}
    return {
        "liquidity_gross": gross,
        "liquidity_net": net,
        "fee_growth_outside": (int(row.get("feeGrowthOutside0X128", 0)), int(row.get("feeGrowthOutside1X128", 0))),
        "tick_cumulative_outside": int(row.get("tickCumulativeOutside", 0)),
        "seconds_per_liquidity_outside": int(row.get("secondsPerLiquidityOutsideX128", 0)),
        "seconds_outside": int(row.get("secondsOutside", 0)),
    }


def _state(terms: tuple[int, int], price: tuple[int, int, int], ticks: dict[int, State]) -> State:
    """A state of which only fee and spacing, price, tick and liquidity, and the ticks are known."""
    (fee, spacing), (sqrt_price, tick, liquidity) = terms, price
    slot0 = {
        "sqrt_price": sqrt_price,
        "tick": tick,
        "observation_index": 0,
        "observation_cardinality": 1,
        "observation_cardinality_next": 1,
        "fee_protocol": 0,
        "unlocked": True,
    }
    return {
        "family": "uniswap",
        "fee": fee,
        "tick_spacing": spacing,
        "slot0": slot0,
        "fee_growth_global": (0, 0),
        "protocol_fees": (0, 0),
        "liquidity": liquidity,
        "balances": None,
        "ticks": {at: tick for at, tick in ticks.items() if tick["liquidity_gross"]},
        "positions": {},
        "observations": [(0, 0, 0, True)],
    }


def full_state(document: Mapping[str, Any]) -> State:
    """The full form: `{"poolAddress", "block", "data": {"slot0", "ticks", "observations", ..}}`.

    A `feeProtocol` that no pool can have is the room for observations, which some writers put there; the share is 0.
    Positions are left out, because their keys join owner and ticks without a separator.
    """
    data = _member(document, "data")
    slot0 = _member(data, "slot0")
    ticks = {
        int(at): _tick(int(row["liquidityGross"]), int(row["liquidityNet"]), row) for at, row in data["ticks"].items()
    }
    price = (int(slot0["sqrtPriceX96"]), int(slot0["tick"]), int(data["liquidity"]))
    state = _state((int(data["fee"]), int(data["tickSpacing"])), price, ticks)
    share = int(slot0["feeProtocol"])
    cardinality = int(slot0["observationCardinality"])
    state["slot0"] |= {
        "observation_index": int(slot0["observationIndex"]),
        "observation_cardinality": cardinality,
        "observation_cardinality_next": max(cardinality, share if share > _FEE_PROTOCOL_MAX else 0),
        "fee_protocol": share if share <= _FEE_PROTOCOL_MAX else 0,
    }
    fees = data["protocolFees"]
    return state | {
        "fee_growth_global": (int(data["feeGrowthGlobal0X128"]), int(data["feeGrowthGlobal1X128"])),
        "protocol_fees": (int(fees["token0"]), int(fees["token1"])),
        "balances": (int(data["balance0"]), int(data["balance1"])),
        "observations": [
            (
                int(row["blockTimestamp"]),
                int(row["tickCumulative"]),
                int(row["secondsPerLiquidityCumulativeX128"]),
                bool(row["initialized"]),
            )
            for row in data["observations"]
        ],
    }


def tick_map(document: Mapping[str, Any]) -> State:
    """The form of a tick map: `{"scalars": {..}, "tick_data": {tick: [gross, net, ..]}, "balance_token0", ..}`."""
    scalars = _member(document, "scalars")
    ticks = {int(at): _tick(int(row[0]), int(row[1])) for at, row in _member(document, "tick_data").items()}
    price = (int(scalars["sqrt_price_x96"]), int(scalars["tick"]), int(scalars["liquidity"]))
    state = _state((int(scalars["fee"]), int(scalars["tick_spacing"])), price, ticks)
    return state | {"balances": (int(document["balance_token0"]), int(document["balance_token1"]))}


def simulator_row(row: Mapping[str, Any], fee: int, tick_spacing: int) -> State:
    """The form of a v3 simulator's table: columns of decimal texts, and `tickManager` as JSON."""
    listed = json.loads(_member(row, "tickManager"))["ticks_json"]
    ticks = {
        int(one["key"]): _tick(int(one["value"]["liquidityGross"]), int(one["value"]["liquidityNet"]), one["value"])
        for one in listed
    }
    price = (int(row["sqrtPriceX96"]), int(row["tickCurrent"]), int(row["liquidity"]))
    growth = (int(row["feeGrowthGlobal0X128"]), int(row["feeGrowthGlobal1X128"]))
    return _state((fee, tick_spacing), price, ticks) | {"fee_growth_global": growth}


def _member(document: Mapping[str, Any], name: str) -> Any:
    """A member that the form must have."""
    if name not in document:
        raise InputError(f"{name} must be given, was missing")
    return document[name]


def to_arrow(pool: ClammPool) -> pa.Table:
    """The pool's state as a table: a row a tick, numbers as decimal texts, the rest in the schema's metadata."""
    state = pool.state()
    ticks = state.pop("ticks")
    positions = [[owner.hex(), lower, upper, row] for (owner, lower, upper), row in state["positions"].items()]
    rest = state | {"positions": positions, "tick_bitmap": None}
    columns: dict[str, list[Any]] = {
        "tick": list(ticks),
        "liquidity_gross": [str(row["liquidity_gross"]) for row in ticks.values()],
        "liquidity_net": [str(row["liquidity_net"]) for row in ticks.values()],
        "fee_growth_outside0": [str(row["fee_growth_outside"][0]) for row in ticks.values()],
        "fee_growth_outside1": [str(row["fee_growth_outside"][1]) for row in ticks.values()],
        "tick_cumulative_outside": [row["tick_cumulative_outside"] for row in ticks.values()],
        "seconds_per_liquidity_outside": [str(row["seconds_per_liquidity_outside"]) for row in ticks.values()],
        "seconds_outside": [row["seconds_outside"] for row in ticks.values()],
    }
    types = {"tick": pa.int32(), "tick_cumulative_outside": pa.int64(), "seconds_outside": pa.int64()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in columns], metadata={_KEY: json.dumps(rest)})
    return pa.table(columns, schema=schema)


def from_arrow(table: pa.Table) -> ClammPool:
    """The pool that `to_arrow` wrote."""
    metadata = table.schema.metadata or {}
    if _KEY not in metadata:
        raise InputError(f"metadata must hold {_KEY.decode()}, was {sorted(metadata)}")
    state: State = json.loads(metadata[_KEY])
    state["positions"] = {(bytes.fromhex(owner), lower, upper): row for owner, lower, upper, row in state["positions"]}
    pairs = ("fee_growth_global", "protocol_fees", "balances")
    state |= {name: tuple(state[name]) if state[name] is not None else None for name in pairs}
    for row in state["positions"].values():
        row |= {name: tuple(row[name]) for name in ("fee_growth_inside_last", "tokens_owed")}
    state["observations"] = [tuple(row) for row in state["observations"]]
    state["ticks"] = {row["tick"]: _arrow_tick(row) for row in table.to_pylist()}
    return ClammPool.from_state(state)


def _arrow_tick(row: Mapping[str, Any]) -> State:
    """A row of `to_arrow` as a tick."""
    return {
        "liquidity_gross": int(row["liquidity_gross"]),
        "liquidity_net": int(row["liquidity_net"]),
        "fee_growth_outside": (int(row["fee_growth_outside0"]), int(row["fee_growth_outside1"])),
        "tick_cumulative_outside": row["tick_cumulative_outside"],
        "seconds_per_liquidity_outside": int(row["seconds_per_liquidity_outside"]),
        "seconds_outside": row["seconds_outside"],
    }


class LogBatch(NamedTuple):
    """Logs as the six arrays of `ClammPool.follow_batch`."""

    topics: bytes
    topic_ends: npt.NDArray[np.int64]
    data: bytes
    data_ends: npt.NDArray[np.int64]
    blocks: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]


def log_batch(logs: Iterable[tuple[Sequence[bytes], bytes, int, int]]) -> LogBatch:
    """Logs (topics, data, block, time in s) in the order of the chain, as one batch."""
    rows = list(logs)
    return LogBatch(
        b"".join(b"".join(topics) for topics, _, _, _ in rows),
        np.cumsum([len(topics) for topics, _, _, _ in rows], dtype=np.int64),
        b"".join(data for _, data, _, _ in rows),
        np.cumsum([len(data) for _, data, _, _ in rows], dtype=np.int64),
        np.array([block for _, _, block, _ in rows], dtype=np.int64),
        np.array([time_s for _, _, _, time_s in rows], dtype=np.int64),
    )
