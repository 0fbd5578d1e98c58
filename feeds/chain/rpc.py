"""A node's JSON-RPC over HTTP: the five questions that following a chain asks, each answer read strictly.

catalogue: M6. <https://ethereum.org/en/developers/docs/apis/json-rpc/>. A quantity is a hexadecimal text without
leading zeros, data is one of whole bytes. An answer that lacks a field or has it in another form is a DecodeError that
names it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from feeds.chain.events import Header, Log
from feeds.chain.follow import Range
from feeds.http_body import body
from native._core import DecodeError, InputError, TickwrightError

#: An answer above this is not read: a range of blocks that has so much must be asked for in pieces.
ANSWER_BYTES_MAX = 64 * 1024 * 1024
#: How many headers are asked for in one request.
_BATCH = 100


class NodeError(TickwrightError):
    """A node did not answer, or refused: `code` is the JSON-RPC error's, 0 where there was no answer."""

    def __init__(self, message: str, code: int = 0) -> None:
        """The message names the method."""
        super().__init__(message)
        self.code = code


def address_of(text: str) -> bytes:
    """A contract's address from its hexadecimal text. InputError for anything else."""
    try:
        raw = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) != 20:
        raise InputError(f"address must be 20 bytes in hexadecimal, was {text}")
    return raw


@dataclass(frozen=True)
class Wanted:
    """Which logs are asked for: of these contracts (all where empty), with one of these first topics (any)."""

    addresses: Sequence[bytes] = ()
    topics: Sequence[bytes] = ()

    def fields(self) -> dict[str, Any]:
        """As `eth_getLogs` takes it."""
        asked: dict[str, Any] = {}
        if self.addresses:
            asked["address"] = [f"0x{address.hex()}" for address in self.addresses]
        if self.topics:
            asked["topics"] = [[f"0x{topic.hex()}" for topic in self.topics]]
        return asked


@dataclass
class Node:
    """One node at an address (`http://..`). Raises NodeError where it does not answer within `answer_s`, s."""

    url: str
    http: aiohttp.ClientSession
    answer_s: float = 10.0
    asked: int = field(default=0, init=False)

    async def call(self, method: str, *params: object) -> Any:
        """The result of one call."""
        return (await self._post([(method, params)]))[0]

    async def chain_id(self) -> int:
        """Which chain the node is of."""
        return quantity({"result": await self.call("eth_chainId")}, "result")

    async def head(self) -> Header:
        """The newest block."""
        found = await self.call("eth_getBlockByNumber", "latest", False)
        if found is None:
            raise NodeError("eth_getBlockByNumber: a node without a latest block")
        return header_of(found)

    async def header(self, number: int) -> Header | None:
        """The block that has this number now."""
        found = await self.call("eth_getBlockByNumber", hex(number), False)
        return None if found is None else header_of(found)

    async def logs(self, header: Header, wanted: Wanted) -> tuple[Log, ...] | None:
        """The logs of exactly this block; None where the node no longer has it."""
        try:
            found = await self.call("eth_getLogs", {"blockHash": f"0x{header.hash.hex()}", **wanted.fields()})
        except NodeError as why:
            if why.code == 0:
                raise
            # Nodes agree on no code for an unknown block: one that still has the block has refused for another reason.
            if await self.call("eth_getBlockByHash", f"0x{header.hash.hex()}", False) is None:
                return None
            raise
        return logs_of(found)

    async def range(self, first: int, last: int, wanted: Wanted) -> Range | None:
        """The logs of blocks `first` to `last` and the headers that they need; None where a block is missing."""
        span = {"fromBlock": hex(first), "toBlock": hex(last)}
        logs = logs_of(await self.call("eth_getLogs", {**span, **wanted.fields()}))
        numbers = sorted({first, last, *(log.block for log in logs)})
        headers: list[Header] = []
        for at in range(0, len(numbers), _BATCH):
            asked = [("eth_getBlockByNumber", (hex(number), False)) for number in numbers[at : at + _BATCH]]
            found = await self._post(asked)
            if any(row is None for row in found):
                return None
            headers += [header_of(row) for row in found]
        return Range(tuple(headers), logs)

    async def _post(self, calls: Sequence[tuple[str, tuple[object, ...]]]) -> list[Any]:
        """The results of calls in their order, made in one request."""
        calls_told = [
            {"jsonrpc": "2.0", "id": at, "method": method, "params": list(params)}
            for at, (method, params) in enumerate(calls)
        ]
        name = calls[0][0]
        self.asked += 1
        try:
            timeout = aiohttp.ClientTimeout(total=self.answer_s)
            sent: object = calls_told if len(calls_told) > 1 else calls_told[0]
            async with self.http.post(self.url, json=sent, timeout=timeout) as answer:
                told = json.loads(await body(answer, ANSWER_BYTES_MAX))
        except (aiohttp.ClientError, TimeoutError, ValueError) as why:
            raise NodeError(f"{name}: no answer ({type(why).__name__}: {why})") from None
        rows = told if isinstance(told, list) else [told]
        by_id = {row.get("id"): row for row in rows if isinstance(row, dict)}
        return [_result(name, by_id.get(at)) for at in range(len(calls))]


def _result(name: str, row: Mapping[str, Any] | None) -> Any:
    """What one answer says. NodeError with the node's own words where it is an error."""
    if row is None:
        raise NodeError(f"{name}: a call of the request was not answered")
    if error := row.get("error"):
        raise NodeError(f"{name}: {error.get('message', error)}", int(error.get("code", 0)) or -1)
    return row.get("result")


def quantity(row: Mapping[str, Any], name: str) -> int:
    """A quantity of a row. DecodeError where it is none."""
    text = row.get(name)
    try:
        if isinstance(text, str) and text.startswith("0x"):
            return int(text, 16)
    except ValueError:
        pass
    raise DecodeError(f"{name} must be a hexadecimal quantity, was {text}")


def data(row: Mapping[str, Any], name: str, length: int | None = None) -> bytes:
    """The bytes of a row's field, `length` of them where it is given. DecodeError where they are not."""
    text = row.get(name)
    try:
        if isinstance(text, str) and text.startswith("0x"):
            raw = bytes.fromhex(text[2:])
            if length is None or len(raw) == length:
                return raw
    except ValueError:
        pass
    raise DecodeError(f"{name} must be {'' if length is None else f'{length} '}bytes in hexadecimal, was {text}")


def header_of(row: Mapping[str, Any]) -> Header:
    """A header as `eth_getBlockByNumber` and the subscription `newHeads` give it."""
    hashes = data(row, "hash", 32), data(row, "parentHash", 32)
    return Header(quantity(row, "number"), *hashes, quantity(row, "timestamp"))


def logs_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Log, ...]:
    """Logs as `eth_getLogs` gives them, `removed` ones (which a filter of a node may tell) left out."""
    return tuple(log_of(row) for row in rows if not row.get("removed"))


def log_of(row: Mapping[str, Any]) -> Log:
    """One log of `eth_getLogs`."""
    topics = row.get("topics")
    if not isinstance(topics, list) or len(topics) > 4:
        raise DecodeError(f"topics must be a list of at most 4, was {topics}")
    named = tuple(data({"topics": topic}, "topics", 32) for topic in topics)
    return Log(
        quantity(row, "blockNumber"),
        data(row, "blockHash", 32),
        data(row, "transactionHash", 32),
        quantity(row, "logIndex"),
        data(row, "address", 20),
        named,
        data(row, "data"),
    )
