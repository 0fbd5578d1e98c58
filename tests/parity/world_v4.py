"""A pool of Uniswap v4 without hooks on the reference EVM: the manager, tokens, and three who unlock it.

catalogue: S4. The operations are those of a pool: `initialize`, `modify` (liquidity), `swap`, `donate`,
`set_protocol_fee`, `collect_protocol`. Amounts have v4's signs: negative is what the caller owes. The state is read
from the manager's storage, slot by slot, because v4 has no getters (layout: v4-core's `Pool.State`, at slot 6).
"""

from __future__ import annotations

from sim.contracts import contract
from tests.parity.evm import (
    Call,
    Event,
    Revm,
    answers,
    batch,
    call_data,
    keccak,
    reason,
    selector,
    signed,
    unsigned,
    word,
)
from tests.parity.solc import compile_contracts
from tests.parity.world import DRIVERS, RICHES, Marks, Operation, Outcome, State, own_contracts

POOLS_SLOT = 6
KEY = "(address,address,uint24,int24,address)"
SIGNATURES = {
    "initialize": f"initialize({KEY},uint160)",
    "modify": f"modifyLiquidity({KEY},(int24,int24,int256,bytes32),bytes)",
    "swap": f"swap({KEY},(bool,int256,uint160),bytes)",
    "donate": f"donate({KEY},uint256,uint256,bytes)",
    "set_protocol_fee": f"setProtocolFee({KEY},uint24)",
    "collect_protocol": "collectProtocolFees(address,address,uint256)",
}
UNLOCKED = {"modify", "swap", "donate"}


def halves(value: int) -> list[int]:
    """The two signed amounts of one `BalanceDelta`."""
    return [_int(value >> 128, 128), _int(value, 128)]


def _int(value: int, bits: int) -> int:
    value %= 1 << bits
    return value - (1 << bits) if value >> (bits - 1) else value


class WorldV4:
    """One chain with one v4 pool; the fee is the liquidity providers', in millionths."""

    def __init__(self, fee: int, spacing: int) -> None:
        """Deploys everything; the pool is not initialised yet."""
        self.engine, self.fee, self.spacing = Revm(), fee, spacing
        self.engine.at(1)
        code = own_contracts()
        tokens = sorted(self.engine.deploy(code["Token"]) for _ in range(2))
        self.tokens = (tokens[0], tokens[1])
        pair = word(tokens[0]) + word(tokens[1])
        self.driver = self.engine.deploy(code["Driver"] + pair)
        self.manager = self.engine.deploy(contract("PoolManager").creation + word(self.driver))
        unlocker = compile_contracts("Unlocker")["Unlocker"] + word(self.manager) + pair
        self.unlockers = [self.engine.deploy(unlocker) for _ in range(DRIVERS)]
        for token in tokens:
            for owner in self.unlockers:
                self.engine.call(token, call_data("grant(address,uint256)", owner, RICHES))
        self._ask([Call(self.manager, call_data("setProtocolFeeController(address)", self.driver))])
        self.key = pair + word(fee) + word(spacing) + word(0)
        self.id = keccak(self.key)
        self.base = int.from_bytes(keccak(self.id + word(POOLS_SLOT)), "big")
        self.marks = Marks()
        self.logs: list[Event] = []

    def _ask(self, calls: list[Call]) -> list[tuple[bool, bytes]]:
        return [(answer.ok, answer.data) for answer in answers(self.engine.call(self.driver, batch(calls)))]

    def run(self, operation: Operation) -> Outcome:
        """Runs one operation in a transaction of its own; the factory's owner is the driver that makes the calls."""
        data = self._calldata(operation)
        call = Call(self.manager, data)
        if operation.do in UNLOCKED:
            call = Call(self.unlockers[operation.by], call_data("run(bytes,int256,int256)", data, *operation.more))
        ((succeeded, got),) = self._ask([call])
        self.logs = [log for log in self.engine.events() if log.address == self.manager] if succeeded else []
        if not succeeded:
            return Outcome((), reason(got), ())
        if operation.do == "modify":
            lower, upper, _ = operation.args
            self.marks.ticks |= {lower, upper}
            self.marks.positions.add((operation.by, lower, upper))
        told = tuple(self._event(log.topics, log.data) for log in self.logs)
        return Outcome(self._decoded(operation.do, got), None, tuple(row for row in told if row))

    def _calldata(self, operation: Operation) -> bytes:
        head = selector(SIGNATURES[operation.do])
        if operation.do == "collect_protocol":
            token, amount = operation.args
            return head + word(self.unlockers[0]) + word(self.tokens[token]) + word(amount)
        args = b"".join(word(value) for value in operation.args)
        if operation.do == "modify":
            args += word(0)
        if operation.do in UNLOCKED:
            # Hook data: empty bytes, behind the key, the arguments and their own offset.
            args += word(len(self.key) + len(args) + 32) + word(0)
        return head + self.key + args

    @staticmethod
    def _decoded(do: str, data: bytes) -> tuple[int, ...]:
        words = unsigned(data)
        if do in UNLOCKED:
            return tuple(amount for value in words for amount in halves(value))
        return tuple(signed(value) for value in words)

    def _event(self, topics: tuple[bytes, ...], data: bytes) -> tuple[str | int, ...]:
        """Swap and ModifyLiquidity with their values; the others are told by what the call returned."""
        words = unsigned(data)
        if topics[0] == keccak(b"Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24)"):
            return ("Swap", signed(words[0]), signed(words[1]), *words[2:4], signed(words[4]), words[5])
        if topics[0] == keccak(b"ModifyLiquidity(bytes32,address,int24,int24,int256,bytes32)"):
            return ("ModifyLiquidity", signed(words[0]), signed(words[1]), signed(words[2]))
        return ()

    def _slot(self, place: int, key: bytes) -> int:
        """Where a mapping of the pool keeps the value of a key."""
        return int.from_bytes(keccak(key + word(self.base + place)), "big")

    def state(self) -> State:
        """All of the pool's state: what is zero is left out of the tables."""
        ticks, positions = sorted(self.marks.ticks), sorted(self.marks.positions)
        words = sorted({tick // self.spacing >> 8 for tick in ticks})
        slots = [self.base + place for place in range(4)]
        slots += [self._slot(4, word(tick)) + place for tick in ticks for place in range(3)]
        slots += [self._slot(5, word(place)) for place in words]
        slots += [self._slot(6, self._position(key)) + place for key in positions for place in range(3)]
        calls = [Call(self.manager, call_data("extsload(bytes32)", slot)) for slot in slots]
        calls += [Call(self.manager, call_data("protocolFeesAccrued(address)", token)) for token in self.tokens]
        got = iter([int.from_bytes(data, "big") for _, data in self._ask(calls)])
        slot0 = next(got)
        state: State = {
            "slot0": [slot0 % 2**160, _int(slot0 >> 160, 24), slot0 >> 184 & 0xFFFFFF, slot0 >> 208 & 0xFFFFFF],
            "fee_growth": [next(got), next(got)],
            "liquidity": next(got),
            "ticks": {tick: self._tick(next(got), next(got), next(got)) for tick in ticks},
            "words": {place: next(got) for place in words},
            "positions": {key: [next(got), next(got), next(got)] for key in positions},
            "observations": {},
            "protocol_fees": [next(got), next(got)],
        }
        for table in ("ticks", "positions"):
            state[table] = {at: row for at, row in state[table].items() if any(row)}
        state["words"] = {at: value for at, value in state["words"].items() if value}
        return state

    def _position(self, key: tuple[int, int, int]) -> bytes:
        owner, lower, upper = key
        packed = bytes.fromhex(self.unlockers[owner][2:])
        packed += b"".join((tick % 2**24).to_bytes(3, "big") for tick in (lower, upper))
        return keccak(packed + bytes(32))

    @staticmethod
    def _tick(liquidity: int, outside0: int, outside1: int) -> list[int]:
        return [liquidity % 2**128, _int(liquidity >> 128, 128), outside0, outside1]
