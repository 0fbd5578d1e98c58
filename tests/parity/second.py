"""A second opinion: py-evm runs the committed scenarios again, instruction by instruction in Python, and is watched.

catalogue: S4. `python -m tests.parity.second` holds every scenario's results, reverts and events to what pyrevm said
(hours for all of them, minutes with `--each N`, the first N operations of each kind and outcome; the others run only
as far as they change the state). What it watches is which instructions of the pool's code the vectors reach.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.db.atomic import AtomicDB
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.cancun.computation import CancunComputation
from eth.vm.forks.cancun.state import CancunState
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.message import Message
from eth_typing import Address, BlockNumber, Hash32

from tests.parity.evm import SENDER, Event

GAS = 2**60
JUMPI = 0x57


@dataclass
class Reached:
    """Places of a code that were executed, and the ways that its conditional jumps took."""

    places: set[int] = field(default_factory=set)
    taken: set[int] = field(default_factory=set)
    passed: set[int] = field(default_factory=set)


class Watch:
    """What was reached, by the address of the code; `on` only while it is asked to look."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self.on = False
        self.reached: dict[bytes, Reached] = {}

    def watched(self, opcodes: Mapping[int, Any]) -> dict[int, Any]:
        """The same opcodes, each of which says where it was run."""
        return {value: self._jump(run) if value == JUMPI else self._plain(run) for value, run in opcodes.items()}

    def _plain(self, run: Any) -> Any:
        def step(computation: Any) -> Any:
            if self.on:
                seen = self._seen(computation)
                seen.places.add(computation.code.program_counter - 1)
            return run(computation=computation)

        return step

    def _jump(self, run: Any) -> Any:
        def step(computation: Any) -> None:
            place = computation.code.program_counter - 1
            run(computation=computation)
            if self.on:
                seen = self._seen(computation)
                seen.places.add(place)
                (seen.passed if computation.code.program_counter == place + 1 else seen.taken).add(place)

        return step

    def _seen(self, computation: Any) -> Reached:
        return self.reached.setdefault(computation.msg.code_address, Reached())


class PyEvm:
    """py-evm with the methods of `Revm`."""

    name = "py-evm"

    def __init__(self) -> None:
        """An empty chain with one rich sender."""
        logging.disable(logging.DEBUG)
        self.watch = Watch()
        # A class of its own, because the opcodes belong to the class.
        computation = type("Watched", (CancunComputation,), {"opcodes": self.watch.watched(CancunComputation.opcodes)})
        state = type("State", (CancunState,), {"computation_class": computation})
        self._context = ExecutionContext(
            coinbase=Address(bytes(20)), timestamp=1, block_number=BlockNumber(1), difficulty=0,
            mix_hash=Hash32(bytes(32)), gas_limit=GAS,
            prev_hashes=(), chain_id=1, base_fee_per_gas=0, excess_blob_gas=0,
        )  # fmt: skip
        self._state = state(AtomicDB(), self._context, _EMPTY_ROOT)
        self._state.set_balance(_address(SENDER), 10**30)
        self._nonce = 0
        self._logs: list[Event] = []

    def at(self, seconds: int) -> None:
        """What the block's timestamp is from now on."""
        self._context._timestamp = seconds  # a context is made for one block, and ours is one that goes on

    def deploy(self, code: bytes) -> str:
        """Runs creation code and returns the address of what it made."""
        self._nonce += 1
        made = Address(b"\xde" + self._nonce.to_bytes(19, "big"))
        message = Message(GAS, CREATE_CONTRACT_ADDRESS, _address(SENDER), 0, b"", code, create_address=made)
        self._apply(message, create=True)
        return "0x" + made.hex()

    def call(self, to: str, data: bytes, value: int = 0) -> bytes:
        """One transaction; raises `RuntimeError` when it reverts."""
        address = _address(to)
        message = Message(GAS, address, _address(SENDER), value, data, self._state.get_code(address))
        return self._apply(message, create=False)

    def code(self, address: str) -> bytes:
        """The runtime code at an address."""
        return bytes(self._state.get_code(_address(address)))

    def events(self) -> list[Event]:
        """The logs of the last transaction, in order."""
        return self._logs

    def _apply(self, message: Message, *, create: bool) -> bytes:
        computations = self._state.computation_class
        apply = computations.apply_create_message if create else computations.apply_message
        self._state.clear_transient_storage()
        done = apply(self._state, message, CancunTransactionContext(gas_price=0, origin=_address(SENDER)))
        self._logs = [
            Event("0x" + address.hex(), tuple(topic.to_bytes(32, "big") for topic in topics), data)
            for address, topics, data in (done.get_log_entries() if done.is_success else ())
        ]
        if done.is_error:
            raise RuntimeError(f"py-evm: {done.error!r}")
        return bytes(done.output)


_EMPTY_ROOT = Hash32(bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"))


def _address(text: str) -> Address:
    return Address(bytes.fromhex(text.removeprefix("0x")))
