"""Claims on v4's manager (ERC-6909): random but seeded transactions of three owners, answered by the deployed bytecode.

catalogue: S4. A transaction is several calls of one owner, with the manager unlocked or not; the first that is refused
refuses all, and what is not settled is refused at the end. A vector is the owner, whether it unlocks, the calls, the
reason (None: it went well), and all claims, allowances and operators after it. Owners are numbered; of ids, 0 and 1 are
the two currencies and 2 is the first with bits above an address's.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from sim.contracts import contract
from tests.parity.evm import Call, Revm, answers, batch, call_data, reason, unsigned, word
from tests.parity.solc import compile_contracts
from tests.parity.vectors import PLACE
from tests.parity.world import RICHES, own_contracts

FILE = PLACE / "claims.json.zst"
OWNERS, IDS, SEED, COUNT = 3, 3, 61, 700
ABOVE_AN_ADDRESS = 1 << 200
SIGNATURES = {
    "mint": "mint(address,uint256,uint256)",
    "burn": "burn(address,uint256,uint256)",
    "transfer": "transfer(address,uint256,uint256)",
    "transfer_from": "transferFrom(address,address,uint256,uint256)",
    "approve": "approve(address,uint256,uint256)",
    "operator": "setOperator(address,bool)",
}
Claims = dict[str, list[list[int]]]


class Asked(NamedTuple):
    """A transaction: who, whether the manager is unlocked for it, and the calls with their arguments."""

    by: int
    unlocks: bool
    calls: list[tuple[str, list[int]]]


class World:
    """The manager, two tokens, and the owners."""

    def __init__(self) -> None:
        """Deploys everything."""
        self.engine = Revm()
        self.engine.at(1)
        code = own_contracts()
        tokens = sorted(self.engine.deploy(code["Token"]) for _ in range(2))
        self.reader = self.engine.deploy(code["Driver"] + word(tokens[0]) + word(tokens[1]))
        self.manager = self.engine.deploy(contract("PoolManager").creation + word(self.reader))
        several = compile_contracts("Several")["Several"] + word(self.manager)
        self.owners = [self.engine.deploy(several) for _ in range(OWNERS)]
        for token in tokens:
            for owner in self.owners:
                self.engine.call(token, call_data("grant(address,uint256)", owner, RICHES))
        self.tokens = tokens
        self.ids = [int(tokens[0], 16), int(tokens[1], 16), int(tokens[0], 16) + ABOVE_AN_ADDRESS]

    def run(self, asked: Asked) -> str | None:
        """The reason why a transaction was refused; None where it went well."""
        entries = b"".join(
            bytes.fromhex(call.to[2:]) + len(call.data).to_bytes(4, "big") + call.data
            for name, args in asked.calls
            for call in self._calls(name, args, asked.by)
        )
        signature = "unlocked(bytes)" if asked.unlocks else "plain(bytes)"
        data = batch([Call(self.owners[asked.by], call_data(signature, entries))])
        [answer] = answers(self.engine.call(self.reader, data))
        return None if answer.ok else reason(answer.data)

    def _calls(self, name: str, args: list[int], by: int) -> list[Call]:
        if name == "pay":
            token, amount = self.tokens[args[0]], args[1]
            return [
                Call(self.manager, call_data("sync(address)", token)),
                Call(token, call_data("transfer(address,uint256)", self.manager, amount)),
                Call(self.manager, call_data("settle()")),
            ]
        if name == "take":
            signature = "take(address,address,uint256)"
            return [Call(self.manager, call_data(signature, self.tokens[args[0]], self.owners[by], args[1]))]
        accounts = 2 if name == "transfer_from" else 1
        words: list[int | str] = [self.owners[one] for one in args[:accounts]]
        words += args[accounts:] if name == "operator" else [self.ids[args[accounts]], *args[accounts + 1 :]]
        return [Call(self.manager, call_data(SIGNATURES[name], *words))]

    def claims(self) -> Claims:
        """All that is not 0: balances (owner, id, amount), allowances (owner, spender, id, amount), operators."""
        owners, ids = range(OWNERS), range(IDS)
        balances = [(owner, one) for owner in owners for one in ids]
        pairs = [(owner, other) for owner in owners for other in owners]
        allowances = [(*pair, one) for pair in pairs for one in ids]
        who = self.owners
        calls = [call_data("balanceOf(address,uint256)", who[a], self.ids[b]) for a, b in balances]
        calls += [
            call_data("allowance(address,address,uint256)", who[a], who[b], self.ids[c]) for a, b, c in allowances
        ]
        calls += [call_data("isOperator(address,address)", who[a], who[b]) for a, b in pairs]
        packed = self.engine.call(self.reader, batch([Call(self.manager, data) for data in calls]))
        got = iter([unsigned(answer.data)[0] for answer in answers(packed)])
        return {
            "balances": [[*row, held] for row in balances if (held := next(got))],
            "allowances": [[*row, left] for row in allowances if (left := next(got))],
            "operators": [list(row) for row in pairs if next(got)],
        }


class Draws:
    """Draws transactions that hurt: too much by one, not settled, locked, spent by whoever may not."""

    def __init__(self, seed: int) -> None:
        """The same seed draws the same, given the same claims."""
        self.random = Random(seed)
        self.claims: Claims = {"balances": [], "allowances": [], "operators": []}

    def draw(self) -> Asked:
        """The next transaction."""
        by, dice = self._owner(), self.random.random()
        if dice < 0.3:
            return Asked(by, self.random.random() < 0.93, self._minted())
        if dice < 0.55:
            return Asked(by, self.random.random() < 0.93, self._burnt(by))
        name = self.random.choice(("transfer", "transfer_from", "transfer_from", "approve", "operator"))
        return Asked(by, self.random.random() < 0.2, [(name, getattr(self, f"_{name}")(by))])

    def _owner(self) -> int:
        return self.random.randrange(OWNERS)

    def _amount(self) -> int:
        most = (1, 20, 60, 126, 128, 255)
        return self.random.getrandbits(self.random.choice(most)) + self.random.choice((0, 0, 1))

    def _off(self) -> int:
        return self.random.choice((0, 0, 0, 0, 0, 1, -1))

    def _minted(self) -> list[tuple[str, list[int]]]:
        one, amount = self.random.randrange(IDS), self._amount()
        paid = max(0, min(amount + self._off(), 2**254))
        calls: list[tuple[str, list[int]]] = [("pay", [one % 2, paid]), ("mint", [self._owner(), one, amount])]
        self.random.shuffle(calls)
        return calls

    def _held(self, owner: int) -> tuple[int, int]:
        rows = [row for row in self.claims["balances"] if row[0] == owner]
        if not rows:
            return self.random.randrange(IDS), 1
        _, one, held = self.random.choice(rows)
        return one, self.random.choice((held, held, held // 2, held + 1, 1))

    def _burnt(self, by: int) -> list[tuple[str, list[int]]]:
        owner = by if self.random.random() < 0.5 else self._owner()
        one, amount = self._held(owner)
        taken = max(0, amount + self._off())
        return [
            ("burn", [owner, self.random.choice((one, one, 2 if one == 0 else one)), amount]),
            ("take", [one % 2, taken]),
        ]

    def _transfer(self, by: int) -> list[int]:
        return [self._owner(), *self._held(by)]

    def _transfer_from(self, by: int) -> list[int]:
        owner = self._owner()
        mine = [row for row in self.claims["allowances"] if row[1] == by]
        if mine and self.random.random() < 0.7:
            owner, _, one, left = self.random.choice(mine)
            return [owner, self._owner(), one, min(left + self._off(), 2**256 - 1) if left else 0]
        return [owner, self._owner(), *self._held(owner)]

    def _approve(self, by: int) -> list[int]:
        one, held = self._held(by)
        return [self._owner(), one, self.random.choice((held, 0, 2**256 - 1, held // 3))]

    def _operator(self, by: int) -> list[int]:
        del by
        return [self._owner(), int(self.random.random() < 0.4)]


def rows(count: int = COUNT, seed: int = SEED) -> Iterator[list[Any]]:
    """Vectors, each when it is asked for."""
    world, draws = World(), Draws(seed)
    for _ in range(count):
        asked = draws.draw()
        refused = world.run(asked)
        draws.claims = world.claims()
        yield [*asked, refused, draws.claims]
