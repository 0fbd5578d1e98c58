"""Random but seeded lives of a v2 pair, aimed at the places where its arithmetic and its rules change.

catalogue: S4. Amounts from nothing to beyond `uint112`, outputs one unit round what the product allows, flash swaps
that pay too little, calls that enter again, tokens that change balances by themselves, and clocks that wrap.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.scenario import Scenario
from tests.parity.world import DRIVERS, Operation
from tests.parity.world_v2 import NOBODY, PAIR, PROTOCOL, TOKEN0

Draw = Iterator[Operation]


class ScenarioV2(Scenario):
    """Draws one operation after another; a mint is a payment and a call, and anything may come between."""

    WEIGHTS: tuple[tuple[str, int], ...] = (
        ("swap", 26), ("flash", 14), ("mint", 12), ("burn", 10), ("pay", 3), ("skim", 3), ("sync", 3), ("rebase", 1),
        ("transfer", 4), ("approve", 3), ("transfer_from", 4), ("fee_to", 3), ("again", 4), ("wrong", 7), ("mood", 2),
    )  # fmt: skip

    def operations(self) -> Draw:
        """The life: the calls of an empty pair, its first shares, and then what the dice say."""
        yield self._op("initialize")
        for do, args in (("mint", (0,)), ("burn", (0,)), ("swap", (1, 0, 0)), ("skim", (0,)), ("sync", ())):
            yield self._op(do, *args)
        yield self._op("pay", 1000, 1000)
        yield self._op("mint", 0)
        yield from self._first()
        for _ in range(self.profile.steps):
            self.now += self.random.choice((0, 0, 1, 12, 13, 3600, self.random.randrange(10**6)))
            drawn = self.random.choices(self._names, self._weights)[0]
            yield from getattr(self, f"_draw_{drawn}")()
        yield from self._last()

    def _first(self) -> Draw:
        while not self.state["total_supply"]:
            yield self._op("pay", self._amount(), self._amount())
            yield self._op("mint", 0)

    def _last(self) -> Draw:
        """Reserves of one unit, where shares could pass 2^256; then products that do."""
        yield self._op("rebase", 1, 1)
        yield self._op("sync")
        most = (2**256 - 1) // max(self.state["total_supply"], 1)
        yield self._op("rebase", most + 1, most + 1)
        for more in (0, 1):
            yield self._op("rebase", most + 1 + more, most + 1 + more)
            yield self._op("mint", 1)
        yield self._op("rebase", 2**140, 2**112)
        yield self._op("sync")
        yield self._op("rebase", 2**111, 2**111)
        yield self._op("sync")
        yield self._op("rebase", 2**140, 2**140)
        yield self._op("swap", 1, 1, 0)
        yield self._op("skim", 2)

    def _op(self, do: str, *args: int, by: int | None = None, more: tuple[int, int] = (0, 0)) -> Operation:
        return Operation(do, self._driver() if by is None else by, self.now, args, more)

    def _one_of(self, *calls: tuple[str, tuple[int, ...]]) -> Operation:
        do, args = self.random.choice(calls)
        return self._op(do, *args)

    def _driver(self) -> int:
        return self.random.randrange(DRIVERS)

    def _amount(self) -> int:
        return max(1, self._bits(*self.profile.liquidity_bits))

    def _reserves(self) -> tuple[int, int]:
        return self.state["reserves"][0], self.state["reserves"][1]

    def _trade(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """(paid, asked for): what the product allows, or one unit beside it."""
        reserves, side = self._reserves(), self.random.randrange(2)
        have, want = reserves[side], reserves[1 - side]
        paid = max(1, self.random.choice((have // 1000, have // 7, have * 3, self._bits(0, 40), self._amount())))
        got = 997 * paid * want // (1000 * have + 997 * paid) if have else 1
        got = max(0, got + self.random.choice((0, 0, 0, 0, 1, -1)))
        return ((paid, 0), (got, 0)[::-1]) if side == 0 else ((0, paid), (got, 0))

    def _draw_swap(self) -> Draw:
        paid, out = self._trade()
        yield self._op("pay", *paid)
        if self.random.random() < 0.15:
            out = (out[0] + self.random.choice((0, 1)), out[1] + self.random.choice((0, 1)))
        to = PAIR if self.random.random() < 0.05 else self._driver()
        yield self._op("swap", *out, to)
        if self.state["balances"] != list(self._reserves()) and self.random.random() < 0.7:
            yield self._one_of(("skim", (self._driver(),)), ("sync", ()))

    def _draw_flash(self) -> Draw:
        paid, out = self._trade()
        if self.random.random() < 0.4:
            # What is lent of one token comes back in the same.
            lent = self.random.choice((1, self._reserves()[0] // 2, max(self._reserves()[0] - 1, 0)))
            due = -(-lent * 1000 // 997) + self.random.choice((0, 0, 1, -1))
            paid, out = (due, 0), (lent, 0)
        yield self._op("swap", *out, self._driver(), more=paid)

    def _draw_mint(self) -> Draw:
        reserve0, reserve1 = self._reserves()
        share = self.random.choice((1, 10, 1000, 10**6))
        amounts = (reserve0 // share, reserve1 // share)
        if self.random.random() < 0.4:
            amounts = (amounts[0] + self._bits(0, 20), amounts[1] + self._bits(0, 20))
        if self.random.random() < 0.1:
            amounts = (self._amount(), self._amount())
        yield self._op("pay", *amounts)
        to = self.random.choice((PAIR, NOBODY)) if self.random.random() < 0.06 else self._driver()
        yield self._op("mint", to)

    def _draw_burn(self) -> Draw:
        owner = self._driver()
        held = self.state["shares"][owner]
        yield self._op("transfer", PAIR, self.random.choice((held, held // 2, held // 1000, 1)), by=owner)
        yield self._op("burn", PAIR if self.random.random() < 0.1 else self._driver())

    def _draw_pay(self) -> Draw:
        yield self._op("pay", self._bits(0, 30), self._bits(0, 30))

    def _draw_skim(self) -> Draw:
        yield self._op("skim", self.random.choice((0, 1, 2, PAIR)))

    def _draw_sync(self) -> Draw:
        yield self._op("sync")

    def _draw_rebase(self) -> Draw:
        now = self.state["balances"]
        factor = self.random.choice((99, 101, 50, 100))
        yield self._op("rebase", now[0] * factor // 100, now[1] * self.random.choice((99, 100, 101)) // 100)
        yield self._one_of(("sync", ()), ("skim", (0,)), ("mint", (0,)), ("burn", (0,)))

    def _draw_transfer(self) -> Draw:
        owner = self._driver()
        held = self.state["shares"][owner]
        to = self.random.choice((0, 1, 2, PAIR, NOBODY))
        yield self._op("transfer", to, self.random.choice((0, 1, held // 3, held, held + 1)), by=owner)

    def _draw_approve(self) -> Draw:
        yield self._op("approve", self._driver(), self.random.choice((0, 1, self._amount(), 2**256 - 1)))

    def _draw_transfer_from(self) -> Draw:
        owner, spender, allowed = self._driver(), self._driver(), 0
        if self.state["allowances"] and self.random.random() < 0.8:
            owner, spender, allowed = self.random.choice(self.state["allowances"])
        most = min(allowed, self.state["shares"][owner])
        amount = self.random.choice((0, 1, most, most // 2, allowed + 1 if allowed < 2**255 else most))
        yield self._op("transfer_from", owner, self._driver(), amount, by=spender)

    def _draw_fee_to(self) -> Draw:
        yield self._op("fee_to", self.random.choice((PROTOCOL, PROTOCOL, 2, NOBODY)), by=0)

    def _draw_again(self) -> Draw:
        paid, out = self._trade()
        again = self._one_of(("mint", (0,)), ("burn", (0,)), ("swap", (1, 0, 0)), ("skim", (0,)), ("sync", ()))
        yield Operation(
            "swap", self._driver(), self.now, (*out, self._driver()), paid, again, self.random.random() < 0.6
        )

    def _draw_wrong(self) -> Draw:
        """A call that the rules refuse."""
        reserve0, reserve1 = self._reserves()
        yield self._one_of(
            ("initialize", ()), ("swap", (0, 0, TOKEN0)), ("swap", (reserve0, 0, TOKEN0)),
            ("swap", (0, reserve1 + 1, 1)), ("swap", (1, 0, TOKEN0)), ("swap", (0, 1, TOKEN0 + 1)),
            ("swap", (1, 1, 0)), ("mint", (0,)), ("burn", (0,)), ("swap", (2**255, 0, 0)),
        )  # fmt: skip

    def _draw_mood(self) -> Draw:
        paid, out = self._trade()
        yield self._op("pay", *paid)
        mood = self.random.randint(1, 6)
        do, args = self.random.choice(
            (("swap", (*out, 1)), ("skim", (1,)), ("sync", ()), ("burn", (1,)), ("mint", (1,)))
        )
        yield Operation(do, self._driver(), self.now, args, mood=mood)
