"""A pool on the reference EVM, with tokens, three drivers who trade, and a factory that the first of them owns.

catalogue: S4. An operation is plain data (`Operation`), so that a vector file can hold it, our core can be asked the
same, and any EVM can run it again. What came of it is an `Outcome`; the whole state is read through the pool's getters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from sim.contracts import contract
from tests.parity.dialect import Dialect
from tests.parity.evm import (
    Answer,
    Call,
    Event,
    answers,
    batch,
    call_data,
    keccak,
    reason,
    signed,
    unsigned,
    word,
)
from tests.parity.solc import compile_contracts

DRIVERS = 3
RICHES = 2**255
State = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One call of a pool: what, by which driver, when (seconds), with which arguments.

    `more` is added to what the driver owes of each token in the callback (negative: it cheats); `again` is an operation
    that it tries inside the callback, and `insist` says whether that one's failure is its own. `mood` is how the tokens
    misbehave (`Token.sol`), `borrowed` runs the pool's code in the driver's own storage. `raw` is calldata as it stands
    (`data`, hexadecimal), sent with `value` by the rich sender: what no compiler would encode.
    """

    do: str
    by: int
    at: int
    args: tuple[int, ...]
    more: tuple[int, int] = (0, 0)
    again: Operation | None = None
    insist: bool = False
    mood: int = 0
    borrowed: bool = False
    data: str = ""
    value: int = 0


@dataclass(frozen=True)
class Outcome:
    """What an operation did: what it returned, or why it reverted (None: it did not), and the pool's events."""

    gave: tuple[int, ...]
    revert: str | None
    events: tuple[tuple[str | int, ...], ...]


@dataclass
class Marks:
    """What was ever touched, and is therefore read with the state."""

    ticks: set[int] = field(default_factory=set)
    positions: set[tuple[int, int, int]] = field(default_factory=set)


@cache
def own_contracts() -> dict[str, bytes]:
    """The creation code of our own contracts."""
    return compile_contracts("Driver", "Token", "Maker")


class Engine(Protocol):
    """An EVM: pyrevm (`evm.Revm`), or py-evm for a second opinion (`second.PyEvm`)."""

    def at(self, seconds: int) -> None:
        """What the block's timestamp is from now on."""

    def deploy(self, code: bytes) -> str:
        """Runs creation code and returns the address of what it made."""

    def call(self, to: str, data: bytes, value: int = 0) -> bytes:
        """One transaction; raises `RuntimeError` when it reverts."""

    def code(self, address: str) -> bytes:
        """The runtime code at an address."""

    def events(self) -> list[Event]:
        """The logs of the last transaction, in order."""


class World:
    """One chain with one pool; every transaction goes through a driver."""

    def __init__(self, engine: Engine, dialect: Dialect, fee: int, spacing: int) -> None:
        """Deploys everything; the pool is not initialised yet."""
        self.engine, self.dialect, self.fee, self.spacing = engine, dialect, fee, spacing
        engine.at(1)
        code = own_contracts()
        tokens = sorted(engine.deploy(code["Token"]) for _ in range(2))
        self.tokens = (tokens[0], tokens[1])
        pair = word(self.tokens[0]) + word(self.tokens[1])
        self.drivers = [engine.deploy(code["Driver"] + pair) for _ in range(DRIVERS)]
        for token in self.tokens:
            for driver in self.drivers:
                engine.call(token, call_data("grant(address,uint256)", driver, RICHES))
        self.factory, self.pool = self._deploy_pool()
        self.marks = Marks()
        self._keys: dict[tuple[int, int, int], int] = {}

    def _deploy_pool(self) -> tuple[str, str]:
        if self.dialect.factory is None:
            factory = self.engine.deploy(own_contracts()["Maker"] + word(self.drivers[0]))
            code = contract(self.dialect.pool).creation
            made = self.engine.call(
                factory,
                call_data("make(bytes,address,address,uint24,int24)", code, *self.tokens, self.fee, self.spacing),
            )
            return factory, "0x" + made[12:].hex()
        factory = self.engine.deploy(contract(self.dialect.factory).creation)
        known = self.engine.call(factory, call_data("feeAmountTickSpacing(uint24)", self.fee))
        if not any(known):
            self.engine.call(factory, call_data("enableFeeAmount(uint24,int24)", self.fee, self.spacing))
        made = self.engine.call(factory, call_data("createPool(address,address,uint24)", *self.tokens, self.fee))
        self.engine.call(factory, call_data("setOwner(address)", self.drivers[0]))
        return factory, "0x" + made[12:].hex()

    def run(self, operation: Operation) -> Outcome:
        """Runs one operation in a transaction of its own."""
        self.engine.at(operation.at)
        if operation.do == "raw":
            return self._raw(operation)
        self._set_mood(operation.mood)
        driver = self.drivers[operation.by]
        call = self.call(operation)
        if operation.borrowed:
            call = Call(driver, call_data("borrow(address,bytes)", self.pool, call.data))
        answer = self.ask([call], by=operation.by)[0]
        events = self.engine.events()
        self._set_mood(0)
        if answer.ok:
            self.mark(operation)
        return self.outcome(operation, answer, events)

    def _raw(self, operation: Operation) -> Outcome:
        """What the engine says is only whether it reverted; the state that follows says the rest."""
        try:
            self.engine.call(self.pool, bytes.fromhex(operation.data), operation.value)
        except RuntimeError:
            return Outcome((), "", ())
        return Outcome((), None, ())

    def outcome(self, operation: Operation, answer: Answer, events: Iterable[Event]) -> Outcome:
        """What the EVM answered, as plain data."""
        if not answer.ok:
            return Outcome((), reason(answer.data), ())
        told = tuple(self.event(event) for event in events if event.address == self.pool)
        return Outcome(decoded(operation.do, answer.data), None, told)

    def ask(self, calls: Iterable[Call], by: int = 0) -> list[Answer]:
        """Many calls in one transaction of a driver."""
        return answers(self.engine.call(self.drivers[by], batch(calls)))

    def call(self, operation: Operation) -> Call:
        """The calldata of an operation."""
        return Call(self.pool, self.dialect.encode(operation.do, self._words(operation), self._callback(operation)))

    def _words(self, operation: Operation) -> tuple[int | str, ...]:
        args: tuple[int | str, ...] = operation.args
        if operation.do == "mint":
            return (self.drivers[operation.args[0]], *args[1:])
        if operation.do in ("swap", "flash", "collect", "collect_protocol"):
            return (self.drivers[operation.by], *args)
        return args

    def _callback(self, operation: Operation) -> bytes:
        more0, more1 = operation.more
        if operation.do == "flash":
            more0, more1 = more0 + operation.args[0], more1 + operation.args[1]
        if not (more0 or more1 or operation.again):
            return b""
        again = self.call(operation.again).data if operation.again else b""
        return call_data("f(int256,int256,bool,bytes)", more0, more1, operation.insist, again)[4:]

    def _set_mood(self, mood: int) -> None:
        if mood != getattr(self, "_mood", 0):
            for token in self.tokens:
                self.engine.call(token, call_data("setMood(uint256)", mood))
        self._mood = mood

    def mark(self, operation: Operation) -> None:
        """Remembers the ticks and the position of a mint that succeeded."""
        if operation.do == "mint":
            owner, lower, upper, _ = operation.args
            self.marks.ticks |= {lower, upper}
            self.marks.positions.add((owner, lower, upper))

    def event(self, event: Event) -> tuple[str | int, ...]:
        """The name and values of an event; an address is the number of the driver, or -1."""
        name, kinds, indexed = self.dialect.events[event.topics[0]]
        words = unsigned(b"".join(event.topics[1:]) + event.data)
        ordered = [kind for kind, topic in zip(kinds, indexed, strict=True) if topic]
        ordered += [kind for kind, topic in zip(kinds, indexed, strict=True) if not topic]
        return (name, *(self._value(kind, value) for kind, value in zip(ordered, words, strict=True)))

    def _value(self, kind: str, value: int) -> int:
        if kind == "address":
            address = f"0x{value:040x}"
            return self.drivers.index(address) if address in self.drivers else -1
        return signed(value) if kind.startswith("int") else value

    def key(self, position: tuple[int, int, int]) -> int:
        """The key of a position in the pool's mapping: owner and ticks, packed and hashed."""
        if position not in self._keys:
            owner, lower, upper = position
            packed = bytes.fromhex(self.drivers[owner][2:])
            packed += b"".join((tick % 2**24).to_bytes(3, "big") for tick in (lower, upper))
            self._keys[position] = int.from_bytes(keccak(packed), "big")
        return self._keys[position]

    def state(self) -> State:
        """All of the pool's state, through its getters: what is zero is left out of the tables."""
        ticks, positions = sorted(self.marks.ticks), sorted(self.marks.positions)
        words = sorted({tick // self.spacing >> 8 for tick in ticks})
        heads = ("slot0()", "liquidity()", "feeGrowthGlobal0X128()", "feeGrowthGlobal1X128()", "protocolFees()")
        calls = [Call(self.pool, call_data(head)) for head in heads]
        calls += [Call(token, call_data("balanceOf(address)", self.pool)) for token in self.tokens]
        calls += [Call(self.pool, call_data("ticks(int24)", tick)) for tick in ticks]
        calls += [Call(self.pool, call_data("tickBitmap(int16)", place)) for place in words]
        calls += [Call(self.pool, call_data("positions(bytes32)", self.key(position))) for position in positions]
        got = iter([unsigned(answer.data) for answer in self.ask(calls)])
        slot0 = next(got)
        slot0[1] = signed(slot0[1])
        state: State = {
            "slot0": slot0,
            "liquidity": next(got)[0],
            "fee_growth": [next(got)[0], next(got)[0]],
            "protocol_fees": next(got),
            "balances": [next(got)[0], next(got)[0]],
            "ticks": {tick: _tick(next(got)) for tick in ticks},
            "words": {place: next(got)[0] for place in words},
            "positions": {position: next(got) for position in positions},
            "observations": self._observations(slot0[4]),
        }
        for table in ("ticks", "words", "positions"):
            state[table] = {at: row for at, row in state[table].items() if (any(row) if isinstance(row, list) else row)}
        return state

    def _observations(self, count: int) -> dict[int, list[int]]:
        calls = [Call(self.pool, call_data("observations(uint256)", at)) for at in range(count)]
        rows = [unsigned(answer.data) for answer in self.ask(calls)]
        return {at: [row[0], signed(row[1]), *row[2:]] for at, row in enumerate(rows)}


def _tick(row: list[int]) -> list[int]:
    return [row[0], signed(row[1]), row[2], row[3], signed(row[4]), *row[5:]]


def decoded(do: str, data: bytes) -> tuple[int, ...]:
    """What a call returned, as integers: signed where the pool's are."""
    words = unsigned(data)
    if do == "swap":
        return tuple(signed(value) for value in words)
    if do == "snapshot":
        return (signed(words[0]), *words[1:])
    if do == "observe":
        count = words[2]
        ticks, seconds = words[3 : 3 + count], words[4 + count :]
        return (*(signed(value) for value in ticks), *seconds)
    return tuple(words)
