"""Our manager of v4, spoken to as the reference world is: the same operations, outcomes and states.

catalogue: S4. An operation is a transaction: unlocked, called, settled as the trader would, and locked; what fails
anywhere leaves the state as it was.
"""

from __future__ import annotations

from typing import Any

from native._core import ClammV4, RevertError
from tests.parity.evm import reason
from tests.parity.ours import OWNERS
from tests.parity.world import Operation, Outcome, State
from tests.parity.world_v4 import UNLOCKED

TOKENS = (b"\x01" * 20, b"\x02" * 20)


def _word(value: int) -> int:
    """A number as the signed word that calldata carry."""
    return (value + (1 << 255)) % (1 << 256) - (1 << 255)


class OurV4:
    """A `ClammV4` with one pool, and the methods of `WorldV4`."""

    def __init__(self, fee: int, spacing: int) -> None:
        """A manager; its pool is not initialised yet."""
        self.manager = ClammV4()
        self.key = (*TOKENS, fee, spacing)

    def run(self, operation: Operation) -> Outcome:
        """Runs one operation as a transaction."""
        before = self.manager.copy()
        try:
            if operation.do not in UNLOCKED:
                return self._call(operation)
            self.manager.unlock()
            outcome = self._call(operation)
            for token, delta, more in zip(TOKENS, outcome.gave[:2], operation.more, strict=True):
                self._settle(OWNERS[operation.by], token, delta, more)
            self.manager.lock()
        except RevertError as error:
            self.manager = before
            return Outcome((), reason(error.args[1]), ())
        return outcome

    def _settle(self, owner: bytes, token: bytes, delta: int, more: int) -> None:
        """Takes what is owed, or pays what is due and `more`."""
        if delta > 0:
            self.manager.take(owner, token, delta)
        elif more - delta > 0:
            self.manager.settle(owner, token, more - delta)

    def _call(self, operation: Operation) -> Outcome:
        owner, args = OWNERS[operation.by], operation.args
        if operation.do == "initialize":
            return Outcome((self.manager.initialize(self.key, args[0]),), None, ())
        if operation.do == "modify":
            lower, upper, liquidity = args
            total, fees = self.manager.modify_liquidity(owner, self.key, lower, upper, liquidity)
            return Outcome((*total, *fees), None, (("ModifyLiquidity", *args),))
        if operation.do == "swap":
            done = self.manager.swap(owner, self.key, bool(args[0]), _word(args[1]), args[2])
            return Outcome(done[:2], None, (("Swap", *done),))
        if operation.do == "donate":
            return Outcome(self.manager.donate(owner, self.key, args[0], args[1]), None, ())
        if operation.do == "set_protocol_fee":
            self.manager.set_protocol_fee(self.key, args[0])
            return Outcome((), None, ())
        return Outcome((self.manager.collect_protocol_fees(TOKENS[args[0]], args[1]),), None, ())

    def state(self) -> State:
        """The pool's whole state in the form of the vectors."""
        pool = self.manager.pool(self.key)
        state: State = {
            "slot0": [0, 0, 0, 0],
            "fee_growth": [0, 0],
            "liquidity": 0,
            "ticks": {},
            "words": {},
            "positions": {},
            "observations": {},
            "protocol_fees": [self.manager.protocol_fees(token) for token in TOKENS],
        }
        return state if pool is None else state | self.state_of(pool)

    @staticmethod
    def state_of(pool: dict[str, Any]) -> State:
        """What a pool has of it."""
        positions = {
            (OWNERS.index(owner), lower, upper): [liquidity, *growth]
            for (owner, lower, upper, _), (liquidity, growth) in pool["positions"].items()
        }
        return {
            "slot0": [pool["sqrt_price"], pool["tick"], pool["protocol_fee"], pool["lp_fee"]],
            "fee_growth": list(pool["fee_growth_global"]),
            "liquidity": pool["liquidity"],
            "ticks": {tick: [gross, net, *growth] for tick, (gross, net, growth) in pool["ticks"].items()},
            "words": pool["tick_bitmap"],
            "positions": {at: row for at, row in positions.items() if any(row)},
        }
