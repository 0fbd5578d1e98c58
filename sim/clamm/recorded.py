"""The recorded events of a pool, followed from its state on, and both as a market for a backtest.

catalogue: S4, M6. States are read by `feeds.chain.pool_file`. Events are Parquet with the columns of the lake's table
`pools`, or JSON of decoded rows: `{"data": [{"method": "SWAP", "blockNo": ..}]}`. A log does not say what its swap
specified: following the pool tells (exact input, exact output, or a price limit).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from feeds.chain.pool_file import read_json
from feeds.chain.pool_logs import event_of, fields_of
from native._core import ClammPool, InputError
from pycore.errors import CheckError
from sim.clamm.flow import Block, BurnCall, Call, FlashCall, MintCall, ShareCall, SwapCall

_WORD = 32
#: Who gives a price limit trades up to it, whatever lies in between.
_ANY_AMOUNT = (1 << 255) - 1
#: What the rows of a decoded file are called, as the pool's interface calls its events.
_NAMES = {"SWAP": "Swap", "MINT": "Mint", "BURN": "Burn", "COLLECT": "Collect", "FLASH": "Flash"}
_FIELDS = {"sqrtPriceX96": "sqrt_price", "tickLower": "lower", "tickUpper": "upper", "amount": "liquidity"}


class Row(NamedTuple):
    """One event of a pool, its name and fields as `feeds.chain.pool_logs` has them; the gas price of its block."""

    name: str
    fields: Mapping[str, Any]
    block: int
    time_s: int
    gas_price: int | None = None


def rows(path: Path) -> list[Row]:
    """The events of a file in the order of the chain. InputError that names the file where it is none."""
    try:
        if path.suffix == ".parquet":
            return [row for record in pq.read_table(path).to_pylist() if (row := _logged(record)) is not None]
        return [_decoded(record) for record in read_json(path)["data"]]
    except (OSError, EOFError, ValueError, KeyError, TypeError, pa.ArrowException) as why:
        raise InputError(f"events must be JSON or Parquet of a pool's events ({why}), was {path}") from None


def _logged(record: Mapping[str, Any]) -> Row | None:
    """A row of the table `pools`; None where it is none of a v3 pool's events."""
    words = bytes.fromhex(record["topics"][2:])
    topics = [words[at : at + _WORD] for at in range(0, len(words), _WORD)]
    event = event_of(topics)
    if event is None or event.kind != "v3":
        return None
    fields = fields_of(event, topics, bytes.fromhex(record["data"][2:]))
    return Row(event.name, fields, record["block"], record["ts_venue"] // 1_000_000_000)


def _decoded(record: Mapping[str, Any]) -> Row:
    """A decoded row, its parameters beside or below `methodData`."""
    record = {**record, **record.get("methodData", {})}
    name = _NAMES.get(record["method"])
    if name is None:
        raise InputError(f"method must be one of {', '.join(_NAMES)}, was {record['method']}")
    fields = {_FIELDS.get(key, key): value for key, value in record.items()}
    if name == "Burn" and fields["amount0"] == fields["liquidity"]:
        fields["amount0"] = None  # some writers repeat the liquidity there: it is not compared
    return Row(name, fields, record["blockNo"], record["timestamp"], record.get("gasPrice"))


def completed(pool: ClammPool, events: Iterable[Row]) -> ClammPool:
    """The pool with the positions that the events touch, where its state tells none.

    Each has as much liquidity as is taken out of it later and 1 more, so that fees can be counted to the end: ticks and
    price have all of it already, so nothing but the right to burn is added.
    """
    state = pool.state()
    if state["positions"]:
        return pool
    now: dict[tuple[bytes, int, int], int] = defaultdict(int)
    least: dict[tuple[bytes, int, int], int] = defaultdict(int)
    for row in events:
        if row.name in ("Mint", "Burn"):
            owner = bytes.fromhex(row.fields["owner"].removeprefix("0x"))
            key = (owner, row.fields["lower"], row.fields["upper"])
            now[key] += row.fields["liquidity"] if row.name == "Mint" else -row.fields["liquidity"]
            least[key] = min(least[key], now[key])
    positions = {
        key: {"liquidity": 1 - lowest, "fee_growth_inside_last": (0, 0), "tokens_owed": (0, 0)}
        for key, lowest in least.items()
    }
    return ClammPool.from_state(state | {"positions": positions})


class Followed(NamedTuple):
    """An event that came out as the log says; `asked` is what a swap must have specified: input, output or limit."""

    row: Row
    asked: str | None


def follow(pool: ClammPool, events: Iterable[Row]) -> Iterator[Followed]:
    """Does every event again, in place. CheckError at the first that comes out otherwise, with the field.

    A state that tells no positions is one that leaves them out: a burn is then of a position that must have been there.
    """
    whole = bool(pool.state()["positions"])
    for number, row in enumerate(events):
        asked, difference = pool.follow_row(row.name, dict(row.fields), row.time_s, whole)
        if difference is not None:
            field, expected, found = difference
            raise CheckError(
                f"event {number} ({row.name} in block {row.block}): {field} must be {expected}, was {found}"
            )
        yield Followed(row, asked)


class RecordedFlow:
    """The recorded calls of everybody, block by block, whatever the pool is by then."""

    def __init__(self, events: Sequence[Row], pool: ClammPool, gas_price: int) -> None:
        """Follows a copy of the pool over all events, so that every call is known; `gas_price` where none is told.

        CheckError where pool and events part, InputError for no event at all.
        """
        self._calls: dict[Block, list[Call]] = {}
        done = follow(pool.copy(), events)
        for (number, time_s), group in groupby(done, lambda one: (one.row.block, one.row.time_s)):
            several = list(group)
            told = several[0].row.gas_price
            calls = [call for one in several if (call := call_of(one)) is not None]
            self._calls[Block(number, time_s, gas_price if told is None else told)] = calls
        if not self._calls:
            raise InputError("events must have one or more, was empty")

    def __len__(self) -> int:
        """How many blocks."""
        return len(self._calls)

    def blocks(self) -> Iterator[Block]:
        """The blocks in which something happened."""
        return iter(self._calls)

    def calls(self, block: Block, pool: Any) -> Iterable[Call]:
        """What was called in it; `pool` makes no difference."""
        return self._calls[block]


def call_of(done: Followed) -> Call | None:
    """The call behind an event; None for one that changes neither price nor fees (collections, room for the oracle)."""
    name, fields = done.row.name, done.row.fields
    if name == "Swap":
        return _swap(fields, done.asked)
    if name in ("Mint", "Burn"):
        kind = MintCall if name == "Mint" else BurnCall
        return kind(fields["owner"], fields["lower"], fields["upper"], fields["liquidity"])
    if name == "Flash":
        return FlashCall(fields["amount0"], fields["amount1"], fields["paid0"], fields["paid1"])
    return ShareCall(fields["after0"], fields["after1"]) if name == "SetFeeProtocol" else None


def _swap(fields: Mapping[str, Any], asked: str | None) -> SwapCall:
    """What was specified: the positive amount went in, the negative one came out."""
    zero_for_one = fields["amount0"] > 0 or fields["amount1"] < 0
    given, taken = fields["amount0"], fields["amount1"]
    if not zero_for_one:
        given, taken = taken, given
    if asked == "output":
        return SwapCall(zero_for_one, taken)
    if asked == "limit":
        return SwapCall(zero_for_one, _ANY_AMOUNT, fields["sqrt_price"])
    return SwapCall(zero_for_one, given)


def differing(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """(name, found, wanted) of every number of two states that differs.

    A state from elsewhere tells the ticks round its own price alone, and no positions: ticks are compared where both
    tell them, which is between the lowest and the highest that `found` has.
    """
    plain = ("slot0", "fee_growth_global", "protocol_fees", "liquidity")
    differences = [(name, found[name], wanted[name]) for name in plain if found[name] != wanted[name]]
    low, high = min(found["ticks"], default=0), max(found["ticks"], default=0)
    for tick, data in wanted["ticks"].items():
        if low <= tick <= high and found["ticks"].get(tick) != data:
            differences.append((f"ticks.{tick}", found["ticks"].get(tick), data))
    return differences
