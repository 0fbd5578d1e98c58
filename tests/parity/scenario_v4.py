"""Random but seeded lives of a v4 pool: the draws of the v3 scenarios in v4's words, and what only v4 has.

catalogue: S4. An exact input is negative in v4, liquidity changes have a sign, and the protocol's fee is two fees of
twelve bits each. There is no oracle and no flash, and nobody can enter again: the manager is unlocked as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.parity.scenario import PRICE_MAX, PRICE_MIN, Scenario, price_near
from tests.parity.world import Operation


class ScenarioV4(Scenario):
    """Draws one operation after another."""

    WEIGHTS: tuple[tuple[str, int], ...] = (
        ("swap", 44), ("mint", 17), ("burn", 12), ("poke", 5), ("donate", 4), ("set_fee_protocol", 2),
        ("collect_protocol", 2), ("cheat", 3), ("wrong", 5),
    )  # fmt: skip

    def operations(self) -> Iterator[Operation]:
        """The life: before the pool has a price, its birth, and then what the dice say."""
        spacing = self.profile.spacing
        yield self._op("swap", 1, -1000, PRICE_MIN + 1)
        yield self._op("modify", -spacing, spacing, 1000)
        yield self._op("donate", 1, 1)
        for price in (PRICE_MIN - 1, PRICE_MAX, price_near(self.profile.tick), price_near(self.profile.tick)):
            yield self._op("initialize", price)
        for _ in range(self.profile.steps):
            yield self._draw(self.random.choices(self._names, self._weights)[0])

    def _draw(self, name: str) -> Operation:
        drawn: Operation = getattr(self, f"_{name}")()
        return self._in_v4(drawn)

    def _in_v4(self, drawn: Operation) -> Operation:
        """The same wish in v4's words; what v4 does not have becomes a swap."""
        if drawn.do == "mint":
            owner, lower, upper, amount = drawn.args
            return replace(drawn, do="modify", by=owner, args=(lower, upper, amount))
        if drawn.do == "burn":
            lower, upper, amount = drawn.args
            return replace(drawn, do="modify", args=(lower, upper, -amount))
        if drawn.do == "swap":
            zero_for_one, amount, limit = drawn.args
            return replace(drawn, args=(zero_for_one, max(-amount, -(2**255)), limit))
        if drawn.do in ("snapshot", "flash", "observe"):
            return self._in_v4(self._swap())
        return drawn

    def _donate(self) -> Operation:
        return self._op("donate", self._bits(0, 100), self._bits(0, 100))

    def _set_fee_protocol(self) -> Operation:
        fees = [self.random.choice((0, 1, 500, 999, 1000, 1000, 1001)) for _ in range(2)]
        return self._op("set_protocol_fee", fees[0] | fees[1] << 12)

    def _collect_protocol(self) -> Operation:
        token = self.random.randrange(2)
        fees = self.state["protocol_fees"][token]
        return self._op("collect_protocol", token, self.random.choice((0, 1, fees, fees // 2, fees + 1)))

    def _cheat(self) -> Operation:
        drawn = self.random.choice((self._mint, self._swap))()
        return replace(drawn, more=self.random.choice(((-1, 0), (0, -1), (-1, -1), (5, 0), (0, 5))))
