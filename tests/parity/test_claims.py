"""Claims on v4's manager against the committed vectors: every transaction's reason, and all claims after it.

catalogue: S4.
"""

from __future__ import annotations

from native._core import ClammV4, RevertError
from tests.parity.claims import ABOVE_AN_ADDRESS, COUNT, FILE, Claims
from tests.parity.evm import reason
from tests.parity.ours import OWNERS
from tests.parity.ours_v4 import TOKENS
from tests.parity.vectors import unpack

FIRST, SECOND = (int.from_bytes(token, "big") for token in TOKENS)
IDS = [FIRST, SECOND, FIRST + ABOVE_AN_ADDRESS]


def call(manager: ClammV4, by: bytes, name: str, args: list[int]) -> None:
    """Makes one call of a transaction."""
    owner = OWNERS[args[0]]
    match name:
        case "pay":
            manager.settle(by, TOKENS[args[0]], args[1])
        case "take":
            manager.take(by, TOKENS[args[0]], args[1])
        case "mint":
            manager.mint_claims(by, owner, IDS[args[1]], args[2])
        case "burn":
            manager.burn_claims(by, owner, IDS[args[1]], args[2])
        case "transfer":
            manager.transfer_claims(by, owner, IDS[args[1]], args[2])
        case "transfer_from":
            manager.transfer_claims_from(by, owner, OWNERS[args[1]], IDS[args[2]], args[3])
        case "approve":
            manager.approve_claims(by, owner, IDS[args[1]], args[2])
        case _:
            manager.set_operator(by, owner, bool(args[1]))


def claims(manager: ClammV4) -> Claims:
    """All claims in the form of the vectors."""
    said = manager.claims()
    who = {owner: place for place, owner in enumerate(OWNERS)}
    which = {one: place for place, one in enumerate(IDS)}
    balances = [[who[owner], which[one], held] for (owner, one), held in said["balances"].items() if held]
    allowances = [[who[a], who[b], which[one], left] for (a, b, one), left in said["allowances"].items() if left]
    operators = [[who[owner], who[operator]] for owner, operator in said["operators"]]
    return {"balances": sorted(balances), "allowances": sorted(allowances), "operators": sorted(operators)}


def test_every_transaction_comes_out_as_the_bytecode_says() -> None:
    manager, reasons = ClammV4(), set()
    vectors = unpack(FILE.read_bytes())
    for place, (by, unlocks, calls, refused, expected) in enumerate(vectors):
        before, got = manager.copy(), None
        try:
            if unlocks:
                manager.unlock()
            for name, args in calls:
                call(manager, OWNERS[by], name, args)
            if unlocks:
                manager.lock()
        except RevertError as error:
            manager, got = before, reason(error.args[1])
        assert got == refused, f"transaction {place}: {by, unlocks, calls}"
        assert claims(manager) == expected, f"transaction {place}: {by, unlocks, calls}"
        reasons.add(refused)
    assert len(vectors) == COUNT
    # Locked, not settled, too much for a cast, less than is asked for; and those that go well.
    assert {None, "Panic(0x11)", "0x54e3ca0d", "0x5212cba1", "0x93dafdf1"} <= reasons
