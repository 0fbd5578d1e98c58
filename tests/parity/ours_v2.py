"""Our v2 pair, spoken to as the reference world is: the same operations, outcomes and states.

catalogue: S4. What a swap's callback pays is an input of ours, and a re-entry finds the pair locked. Tokens that
misbehave are the EVM's alone: the state may not change then.
"""

from __future__ import annotations

from native._core import ClammPair, RevertError
from tests.parity.evm import reason
from tests.parity.ours import OWNERS
from tests.parity.vectors import TABLES
from tests.parity.world import DRIVERS, Operation, Outcome, State
from tests.parity.world_v2 import NOBODY, event_row

#: The accounts of `WorldV2.accounts`, at addresses of ours.
ACCOUNTS = [*OWNERS, *(bytes([0x10 + place]) * 20 for place in range(3)), bytes(20), b"\x77" * 20]


class OurV2:
    """A `ClammPair` with the methods of `WorldV2`."""

    def __init__(self) -> None:
        """A pair as its factory makes it."""
        self.pair = ClammPair(ACCOUNTS[5])
        self.pair.initialize(ACCOUNTS[3], ACCOUNTS[4])

    def run(self, operation: Operation) -> Outcome:
        """Runs one operation; a revert leaves the state as it was."""
        try:
            gave = self._call(operation)
        except RevertError as error:
            return Outcome((), reason(error.args[1]), ())
        told = operation.do not in ("pay", "rebase", "fee_to")
        rows = [event_row(topics, data, ACCOUNTS) for topics, data in self.pair.logs()] if told else []
        return Outcome(gave, None, tuple(rows))

    def _call(self, operation: Operation) -> tuple[int, ...]:
        pair, args, by, now = self.pair, operation.args, ACCOUNTS[operation.by], operation.at % 2**32
        match operation.do:
            case "pay":
                pair.deposit(*args)
            case "rebase":
                pair.set_balances(*args)
            case "initialize":
                pair.initialize(ACCOUNTS[3], ACCOUNTS[4], by_factory=False)
            case "mint":
                return (pair.mint(by, ACCOUNTS[args[0]], now),)
            case "burn":
                return pair.burn(by, ACCOUNTS[args[0]], now)
            case "swap":
                self._swap(operation)
            case "skim":
                pair.skim(ACCOUNTS[args[0]])
            case "sync":
                pair.sync(now)
            case _:
                self._shares(operation)
        return ()

    def _shares(self, operation: Operation) -> None:
        pair, args, by = self.pair, operation.args, ACCOUNTS[operation.by]
        match operation.do:
            case "fee_to":
                pair.set_fee_to(None if args[0] == NOBODY else ACCOUNTS[args[0]])
            case "transfer":
                pair.transfer(by, ACCOUNTS[args[0]], args[1])
            case "approve":
                pair.approve(by, ACCOUNTS[args[0]], args[1])
            case _:
                pair.transfer_from(by, ACCOUNTS[args[0]], ACCOUNTS[args[1]], args[2])

    def _swap(self, operation: Operation) -> None:
        out0, out1, to = operation.args
        if operation.again is not None and operation.insist:
            self._enter_again(operation)
        paid = (max(0, operation.more[0]), max(0, operation.more[1]))
        self.pair.swap(ACCOUNTS[operation.by], ACCOUNTS[to], (out0, out1), operation.at % 2**32, paid)

    def _enter_again(self, operation: Operation) -> None:
        """The callback insists on a call of a locked pair; what is refused before the callback comes first."""
        trial = self.pair.copy()
        out0, out1, to = operation.args
        try:
            trial.swap(ACCOUNTS[operation.by], ACCOUNTS[to], (out0, out1), 0, operation.more)
        except RevertError as error:
            before = ("INSUFFICIENT_OUTPUT_AMOUNT", "INSUFFICIENT_LIQUIDITY", "INVALID_TO", "TRANSFER_FAILED")
            if str(error.args[0]).removeprefix("UniswapV2: ") in before:
                raise
        locked = self.pair.copy()
        locked.set_locked(True)
        locked.sync(0)

    def state(self) -> State:
        """The whole state, as `WorldV2.state` gives it."""
        said = self.pair.state()
        spenders = [(owner, by) for owner in range(DRIVERS) for by in range(DRIVERS)]
        allowances = [
            [owner, by, left]
            for owner, by in spenders
            if (left := said["allowances"].get((ACCOUNTS[owner], ACCOUNTS[by]), 0))
        ]
        return {
            **{table: {} for table in TABLES},
            "reserves": [*said["reserves"], said["time_last"]],
            "cumulatives": list(said["price_cumulative_last"]),
            "k_last": said["k_last"],
            "total_supply": said["total_supply"],
            "balances": list(said["balances"]),
            "shares": [said["shares"].get(account, 0) for account in ACCOUNTS],
            "allowances": allowances,
        }
