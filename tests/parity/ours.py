"""Our pool, spoken to as the reference world is: the same operations, outcomes and states.

catalogue: S4. What happens inside a callback is an input of ours: what is paid is computed from what is owed, and a
re-entry finds the pool locked. Tokens that lie, borrowed code and raw calldata are the EVM's alone (`only_evm`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from native._core import ClammPool, RevertError
from tests.parity.dialect import PANCAKE, Dialect
from tests.parity.evm import reason
from tests.parity.world import DRIVERS, Operation, Outcome, State

OWNERS = [bytes([0xA0 + number]) * 20 for number in range(DRIVERS)]


def only_evm(operation: Operation, outcome: Outcome) -> bool:
    """Whether nothing but an EVM can be asked this: then the pool's state may not change, and does not in ours."""
    return operation.borrowed or operation.do == "raw" or (operation.mood != 0 and outcome.revert is not None)


class OurPool:
    """A `ClammPool` with the methods of `World` that scenarios use."""

    def __init__(self, dialect: Dialect, fee: int, spacing: int) -> None:
        """A pool as its factory makes it."""
        self.dialect = dialect
        self.pool = ClammPool(fee, spacing, dialect.name)
        self.fee = fee
        self.swapped: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)

    def run(self, operation: Operation) -> Outcome:
        """Runs one operation; a revert leaves the state as it was."""
        try:
            paid = self._paid(operation) if operation.more != (0, 0) or operation.again else None
            return getattr(self, f"_{operation.do}")(operation, paid)  # type: ignore[no-any-return]  # by its name
        except RevertError as error:
            return Outcome((), reason(error.args[1]), ())

    def _paid(self, operation: Operation) -> tuple[int, int] | None:
        """What the callback pays: found by a pool that is thrown away. Raises what the call reverts with before."""
        trial = OurPool(self.dialect, self.fee, 1)
        trial.pool = ClammPool.from_bytes(self.pool.to_bytes())
        honest = replace(operation, more=(0, 0), again=None)
        owed = getattr(trial, f"_{operation.do}")(honest, None)
        if operation.again:
            self._enter_again(operation)
        if operation.more == (0, 0):
            return None
        return self._sum(operation, owed)

    def _sum(self, operation: Operation, owed: Outcome) -> tuple[int, int]:
        if operation.do == "flash":
            fees = [-(-amount * self.fee // 1_000_000) for amount in operation.args]
            due = [amount + fee for amount, fee in zip(operation.args, fees, strict=True)]
        else:
            due = [int(amount) for amount in owed.gave]
        paid = [max(0, amount + more) for amount, more in zip(due, operation.more, strict=True)]
        return paid[0], paid[1]

    def _enter_again(self, operation: Operation) -> None:
        if operation.again is None:
            return
        self.pool.set_unlocked(False)
        try:
            getattr(self, f"_{operation.again.do}")(operation.again, None)
        except RevertError:
            if operation.insist:
                raise
        finally:
            self.pool.set_unlocked(True)

    def _initialize(self, operation: Operation, _: object) -> Outcome:
        price = operation.args[0]
        return Outcome((), None, (("Initialize", price, self.pool.initialize(price, _clock(operation))),))

    def _mint(self, operation: Operation, paid: tuple[int, int] | None) -> Outcome:
        owner, lower, upper, amount = operation.args
        cost = self.pool.mint(OWNERS[owner], lower, upper, amount, _clock(operation), paid)
        return Outcome(tuple(cost), None, (("Mint", owner, lower, upper, operation.by, amount, *cost),))

    def _burn(self, operation: Operation, _: object) -> Outcome:
        lower, upper, amount = operation.args
        gave = self.pool.burn(OWNERS[operation.by], lower, upper, amount, _clock(operation))
        return Outcome(tuple(gave), None, (("Burn", operation.by, *operation.args, *gave),))

    def _collect(self, operation: Operation, _: object) -> Outcome:
        lower, upper, most0, most1 = operation.args
        gave = self.pool.collect(OWNERS[operation.by], lower, upper, most0, most1)
        return Outcome(tuple(gave), None, (("Collect", operation.by, lower, upper, operation.by, *gave),))

    def _swap(self, operation: Operation, paid: tuple[int, int] | None) -> Outcome:
        zero_for_one, amount, limit = operation.args
        before = self._protocol_fees()
        self.swapped = self.pool.swap(bool(zero_for_one), amount, limit, _clock(operation), paid)
        taken = [(new - old) % 2**128 for old, new in zip(before, self._protocol_fees(), strict=True)]
        return Outcome(self.swapped[:2], None, (("Swap", operation.by, operation.by, *self.swapped, *taken),))

    def _protocol_fees(self) -> tuple[int, ...]:
        """Pancake's Swap event tells what the protocol took; Uniswap's does not."""
        return tuple(self.pool.state()["protocol_fees"]) if self.dialect is PANCAKE else ()

    def _flash(self, operation: Operation, paid: tuple[int, int] | None) -> Outcome:
        amount0, amount1 = operation.args
        extra = self.pool.flash(amount0, amount1, paid)
        return Outcome((), None, (("Flash", operation.by, operation.by, *operation.args, *extra),))

    def _set_fee_protocol(self, operation: Operation, _: object) -> Outcome:
        share0, share1 = operation.args
        old = self.pool.set_fee_protocol(share0, share1, operation.by == 0)
        return Outcome((), None, (("SetFeeProtocol", *old, *operation.args),))

    def _collect_protocol(self, operation: Operation, _: object) -> Outcome:
        most0, most1 = operation.args
        gave = self.pool.collect_protocol(most0, most1, operation.by == 0)
        return Outcome(tuple(gave), None, (("CollectProtocol", operation.by, operation.by, *gave),))

    def _grow(self, operation: Operation, _: object) -> Outcome:
        old, new = self.pool.increase_observation_cardinality_next(*operation.args)
        return Outcome((), None, () if old == new else (("IncreaseObservationCardinalityNext", old, new),))

    def _observe(self, operation: Operation, _: object) -> Outcome:
        rows = self.pool.observe(_clock(operation), list(operation.args))
        return Outcome((*(row[0] for row in rows), *(row[1] for row in rows)), None, ())

    def _snapshot(self, operation: Operation, _: object) -> Outcome:
        lower, upper = operation.args
        return Outcome(tuple(self.pool.snapshot_cumulatives_inside(lower, upper, _clock(operation))), None, ())

    def quote(self, zero_for_one: bool, exact_input: bool, amount: int, limit: int) -> list[int] | str:
        """QuoterV2's answer (amount, price after it, ticks counted), or its reason."""
        ask = self.pool.quote_exact_input if exact_input else self.pool.quote_exact_output
        try:
            return list(ask(zero_for_one, amount, limit))
        except RevertError as error:
            return reason(error.args[1])

    def state(self) -> State:
        """The whole state, as `World.state` gives it."""
        said = self.pool.state()
        return {
            "slot0": [int(value) for value in said["slot0"].values()],
            "liquidity": said["liquidity"],
            "fee_growth": list(said["fee_growth_global"]),
            "protocol_fees": list(said["protocol_fees"]),
            "balances": list(said["balances"]),
            "ticks": {tick: _flat(row) for tick, row in said["ticks"].items()},
            "words": {place: word for place, word in said["tick_bitmap"].items() if word},
            "positions": {
                (OWNERS.index(owner), lower, upper): flat
                for (owner, lower, upper), row in said["positions"].items()
                if any(flat := _flat(row))
            },
            "observations": {place: [int(value) for value in row] for place, row in enumerate(said["observations"])},
        }

    def glance(self, state: State, operation: Operation) -> State:
        """As much of the state as the next draw looks at: after a swap, price, tick and liquidity."""
        if operation.do != "swap":
            return self.state()
        if self.swapped[2]:
            state["slot0"][0], state["slot0"][1], state["liquidity"] = self.swapped[2], self.swapped[4], self.swapped[3]
        return state


def _flat(row: dict[str, Any]) -> list[int]:
    """The values of a row in the contract's order, pairs in line."""
    flat: list[int] = []
    for value in row.values():
        flat += [int(one) for one in value] if isinstance(value, tuple) else [int(value)]
    return flat


def _clock(operation: Operation) -> int:
    return operation.at % 2**32
