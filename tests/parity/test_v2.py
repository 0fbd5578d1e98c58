"""Our v2 pair against the committed vectors: every operation's outcome, reason and logs, and the whole state after it.

Who only reads those logs has the same pair.

catalogue: S4, M6.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from native._core import ClammPair
from tests.parity.ours_v2 import ACCOUNTS, OurV2
from tests.parity.vectors import PLACE, read_scenario
from tests.parity.world import State
from tests.parity.world_v2 import event_log

SCENARIOS = sorted(PLACE.glob("v2-*.json.zst"))
IDS = [path.name.partition(".")[0] for path in SCENARIOS]


@pytest.mark.parametrize("path", SCENARIOS, ids=IDS)
def test_every_operation_comes_out_as_the_bytecode_says(path: Path) -> None:
    ours = OurV2()
    for place, (operation, outcome, state) in enumerate(read_scenario(path)[1]):
        # Tokens that misbehave are the EVM's alone: the pair is as it was.
        if not (operation.mood and outcome.revert is not None):
            assert ours.run(operation) == outcome, f"operation {place}: {operation}"
        assert ours.state() == state, f"operation {place}: {operation}"


def test_every_reason_is_among_them() -> None:
    """All of the pair's own but those of `permit`, which is not asked; a token that misbehaves says what it likes."""
    found = {outcome.revert for path in SCENARIOS for _, outcome, _ in read_scenario(path)[1] if outcome.revert}
    found.discard("MOOD")
    words = {"LOCKED", "TRANSFER_FAILED", "OVERFLOW", "INSUFFICIENT_LIQUIDITY_MINTED", "INSUFFICIENT_LIQUIDITY_BURNED"}
    words |= {"INSUFFICIENT_OUTPUT_AMOUNT", "INSUFFICIENT_LIQUIDITY", "INVALID_TO", "INSUFFICIENT_INPUT_AMOUNT", "K"}
    words |= {"FORBIDDEN"}
    sums = {"ds-math-add-overflow", "ds-math-sub-underflow", "ds-math-mul-overflow"}
    assert found == {f"UniswapV2: {word}" for word in words} | sums


def told(state: State) -> tuple[object, ...]:
    """What logs tell of a pair."""
    return state["reserves"], state["cumulatives"], state["total_supply"], state["shares"]


@pytest.mark.parametrize("path", SCENARIOS, ids=IDS)
def test_who_reads_the_logs_has_the_same_pair(path: Path) -> None:
    reader = OurV2()
    reader.pair.keep_blocks(0, 64)
    ends: list[bytes] = [reader.pair.state_hash]
    for block, (operation, outcome, state) in enumerate(read_scenario(path)[1], start=1):
        reader.pair.begin_block(block)
        for row in outcome.events:
            topics, data = event_log(row, ACCOUNTS)
            followed = reader.pair.follow(topics, data, operation.at % 2**32)
            assert followed == (None, None), f"operation {block - 1}: {operation} {row}"
        assert told(reader.state()) == told(state), f"operation {block - 1}: {operation}"
        ends.append(reader.pair.state_hash)
    for block in (len(ends) - 20, len(ends) - 60):
        reader.pair.undo_to(block)
        assert reader.pair.state_hash == ends[block]


def test_the_first_wrong_log_is_named_and_changes_nothing() -> None:
    steps = read_scenario(PLACE / "v2-middle.json.zst")[1]
    reader, wrong = ClammPair(ACCOUNTS[5]), 0
    for operation, outcome, _ in steps:
        for row in outcome.events:
            topics, data = event_log(row, ACCOUNTS)
            # A burn that pays a unit more may be true: no log tells what the pair had beyond its reserves.
            if row[0] in ("Swap", "Mint"):
                before = reader.state_hash
                other, more = event_log((*row[:-1], int(row[-1]) + 1), ACCOUNTS)
                _, difference = reader.follow(other, more, operation.at)
                assert difference is not None
                assert reader.state_hash == before
                wrong += 1
            assert reader.follow(topics, data, operation.at) == (None, None)
    assert wrong > 100
