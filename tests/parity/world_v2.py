"""A v2 pair on the reference EVM: the real factory, two tokens, and three drivers who trade.

catalogue: S4. The operations are those of a pair: `pay` (tokens sent to it), `rebase` (tokens that change its balances
by themselves), `mint`, `burn`, `swap` (with a callback where `more` is paid in it, or where it is entered `again`),
`skim`, `sync`, the shares' `transfer`, `approve` and `transfer_from`, `fee_to` (the factory's setter), `initialize`. An
account is the number of its place in `WorldV2.accounts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sim.contracts import contract
from tests.parity.evm import Call, Event, answers, batch, call_data, keccak, reason, unsigned, word
from tests.parity.vectors import TABLES
from tests.parity.world import DRIVERS, RICHES, Engine, Operation, Outcome, State, own_contracts

#: Places of accounts behind the drivers'.
TOKEN0, TOKEN1, PAIR, NOBODY, PROTOCOL = range(DRIVERS, DRIVERS + 5)
OUTSIDE = "0x" + "77" * 20
SIGNATURES = {
    "initialize": "initialize(address,address)",
    "mint": "mint(address)",
    "burn": "burn(address)",
    "swap": "swap(uint256,uint256,address,bytes)",
    "skim": "skim(address)",
    "sync": "sync()",
    "transfer": "transfer(address,uint256)",
    "approve": "approve(address,uint256)",
    "transfer_from": "transferFrom(address,address,uint256)",
}
# Their parameters in the order of a log's words: the indexed ones first.
EVENTS = {
    "Transfer(address,address,uint256)": "aau",
    "Approval(address,address,uint256)": "aau",
    "Mint(address,uint256,uint256)": "auu",
    "Burn(address,uint256,uint256,address)": "aauu",
    "Swap(address,uint256,uint256,uint256,uint256,address)": "aauuuu",
    "Sync(uint112,uint112)": "uu",
}


@cache
def event_kinds() -> dict[bytes, tuple[str, str]]:
    """Name and kinds of words by the hash of the signature."""
    return {keccak(text.encode()): (text.partition("(")[0], kinds) for text, kinds in EVENTS.items()}


def event_row(topics: Sequence[bytes], data: bytes, accounts: Sequence[bytes]) -> tuple[str | int, ...]:
    """A log as its name and values; an address is the account's number."""
    name, kinds = event_kinds()[topics[0]]
    words = unsigned(b"".join(topics[1:]) + data)
    named = {int.from_bytes(account, "big"): place for place, account in enumerate(accounts)}
    return (name, *(named[one] if kind == "a" else one for kind, one in zip(kinds, words, strict=True)))


def event_log(row: Sequence[str | int], accounts: Sequence[bytes]) -> tuple[list[bytes], bytes]:
    """The log whose `event_row` this is: its topics and its data."""
    topic, kinds = next((topic, kinds) for topic, (name, kinds) in event_kinds().items() if name == row[0])
    kinds_and_values = zip(kinds, map(int, row[1:]), strict=True)
    words = [accounts[one].rjust(32, b"\0") if kind == "a" else word(one) for kind, one in kinds_and_values]
    # Every address that a pair logs is indexed, and nothing else is.
    return [topic, *words[: kinds.count("a")]], b"".join(words[kinds.count("a") :])


class WorldV2:
    """One chain with one pair; every transaction goes through a driver."""

    def __init__(self, engine: Engine) -> None:
        """Deploys everything; the first driver says who gets the protocol's fee."""
        self.engine = engine
        engine.at(1)
        code = own_contracts()
        tokens = sorted(engine.deploy(code["Token"]) for _ in range(2))
        pair = word(tokens[0]) + word(tokens[1])
        self.drivers = [engine.deploy(code["Driver"] + pair) for _ in range(DRIVERS)]
        for token in tokens:
            for driver in self.drivers:
                engine.call(token, call_data("grant(address,uint256)", driver, RICHES))
        self.factory = engine.deploy(contract("UniswapV2Factory").creation + word(self.drivers[0]))
        made = engine.call(self.factory, call_data("createPair(address,address)", *tokens))
        self.pair, self.tokens = "0x" + made[12:].hex(), tokens
        self.accounts = [*self.drivers, *tokens, self.pair, "0x" + "00" * 20, OUTSIDE]
        self.account_bytes = [bytes.fromhex(account[2:]) for account in self.accounts]
        self._mood = 0

    def run(self, operation: Operation) -> Outcome:
        """Runs one operation in a transaction of its own."""
        self.engine.at(operation.at)
        self._set_mood(operation.mood)
        got = answers(self.engine.call(self.drivers[operation.by], batch(self._calls(operation))))
        logs = [log for log in self.engine.events() if log.address == self.pair]
        self._set_mood(0)
        if not got[-1].ok:
            return Outcome((), reason(got[-1].data), ())
        gave = tuple(unsigned(got[-1].data)) if operation.do in ("mint", "burn") else ()
        return Outcome(gave, None, tuple(self._row(log) for log in logs))

    def _row(self, log: Event) -> tuple[str | int, ...]:
        return event_row(log.topics, log.data, self.account_bytes)

    def _calls(self, operation: Operation) -> list[Call]:
        if operation.do in ("pay", "rebase"):
            signature = "transfer(address,uint256)" if operation.do == "pay" else "grant(address,uint256)"
            sent = zip(self.tokens, operation.args, strict=True)
            return [Call(token, call_data(signature, self.pair, amount)) for token, amount in sent]
        if operation.do == "fee_to":
            return [Call(self.factory, call_data("setFeeTo(address)", self.accounts[operation.args[0]]))]
        return [self.call(operation)]

    def call(self, operation: Operation) -> Call:
        """The calldata of a call of the pair."""
        return Call(self.pair, call_data(SIGNATURES[operation.do], *self._words(operation)))

    def _words(self, operation: Operation) -> tuple[int | str | bytes, ...]:
        args, account = operation.args, self.accounts
        if operation.do == "initialize":
            return tuple(self.tokens)
        if operation.do == "swap":
            return (args[0], args[1], account[args[2]], self._callback(operation))
        if operation.do == "transfer_from":
            return (account[args[0]], account[args[1]], args[2])
        return (account[args[0]], *args[1:]) if args else ()

    def _callback(self, operation: Operation) -> bytes:
        if operation.more == (0, 0) and operation.again is None:
            return b""
        again = self.call(operation.again).data if operation.again else b""
        return call_data("f(int256,int256,bool,bytes)", *operation.more, operation.insist, again)[4:]

    def _set_mood(self, mood: int) -> None:
        if mood != self._mood:
            for token in self.tokens:
                self.engine.call(token, call_data("setMood(uint256)", mood))
        self._mood = mood

    def state(self) -> State:
        """All of the pair's state through its getters; allowances that are 0 are left out."""
        heads = ("getReserves()", "price0CumulativeLast()", "price1CumulativeLast()", "kLast()", "totalSupply()")
        spenders = [(owner, by) for owner in range(DRIVERS) for by in range(DRIVERS)]
        calls = [Call(self.pair, call_data(head)) for head in heads]
        calls += [Call(token, call_data("balanceOf(address)", self.pair)) for token in self.tokens]
        calls += [Call(self.pair, call_data("balanceOf(address)", account)) for account in self.accounts]
        pairs = [(self.accounts[owner], self.accounts[by]) for owner, by in spenders]
        calls += [Call(self.pair, call_data("allowance(address,address)", *pair)) for pair in pairs]
        got = iter([unsigned(answer.data) for answer in answers(self.engine.call(self.drivers[0], batch(calls)))])
        return {
            **{table: {} for table in TABLES},
            "reserves": next(got),
            "cumulatives": [next(got)[0], next(got)[0]],
            "k_last": next(got)[0],
            "total_supply": next(got)[0],
            "balances": [next(got)[0], next(got)[0]],
            "shares": [next(got)[0] for _ in self.accounts],
            "allowances": [[*pair, left] for pair in spenders if (left := next(got)[0])],
        }
