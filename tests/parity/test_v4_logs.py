"""Who only reads the manager's logs has the same v4 pool: the committed scenarios' events, and the bytecode's own logs.

catalogue: S4, M6.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from feeds.chain.pool_logs import EVENTS
from native._core import ClammV4Pool
from sim.contracts import MissingArtifactError, contract
from tests.parity.evm import word
from tests.parity.lives import price_at
from tests.parity.ours import OWNERS
from tests.parity.ours_v4 import TOKENS, OurV4
from tests.parity.profiles import profiles
from tests.parity.scenario import SPACINGS
from tests.parity.scenario_v4 import ScenarioV4
from tests.parity.vectors import PLACE, Step, read_scenario
from tests.parity.world_v4 import WorldV4

ID = b"\x04" * 32
TOPICS = {event.name: event.topic for event in EVENTS if event.kind == "v4"}
SCENARIOS = sorted(PLACE.glob("v4-*.json.zst"))
Log = tuple[list[bytes], bytes]


def logs_of(step: Step, fee: int, spacing: int) -> Iterator[Log]:
    """The pool's logs of a step that went well: what the vector has of its events, and what else the call says."""
    operation, outcome, state = step
    owner = OWNERS[operation.by].rjust(32, b"\0")
    if outcome.revert is not None:
        return
    for name, *values in outcome.events:
        data = b"".join(word(int(value)) for value in values)
        yield [TOPICS[str(name)], ID, owner], data + (word(0) if name == "ModifyLiquidity" else b"")
    if operation.do == "initialize":
        tick = state["slot0"][1]
        currencies = [token.rjust(32, b"\0") for token in TOKENS]
        words = (fee, spacing, 0, operation.args[0], tick)
        yield [TOPICS["Initialize"], ID, *currencies], b"".join(map(word, words))
    if operation.do == "donate":
        yield [TOPICS["Donate"], ID, owner], b"".join(map(word, operation.args))
    if operation.do == "set_protocol_fee":
        yield [TOPICS["ProtocolFeeUpdated"], ID], word(operation.args[0])


def pool_state(pool: ClammV4Pool) -> dict[str, Any]:
    """What logs tell of a pool, in the form of the vectors."""
    said = OurV4.state_of(pool.state())
    return {name: said[name] for name in ("slot0", "fee_growth", "liquidity", "ticks", "words", "positions")}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name.partition(".")[0])
def test_who_reads_the_logs_has_the_same_pool(path: Path) -> None:
    profile, steps = read_scenario(path)
    fee, spacing = profile["fee"], SPACINGS[profile["fee"]]
    reader = ClammV4Pool(ID)
    reader.keep_blocks(0, 64)
    ends, asked = [reader.state_hash], []
    for block, step in enumerate(steps, start=1):
        reader.begin_block(block)
        for topics, data in logs_of(step, fee, spacing):
            found, difference = reader.follow(topics, data, 0)
            assert difference is None, f"operation {block - 1}: {step.operation} {difference}"
            asked += [found] if found else []
        theirs = {name: step.state[name] for name in ("fee_growth", "liquidity", "ticks", "words", "positions")}
        ours = pool_state(reader)
        assert ours | theirs == ours, f"operation {block - 1}: {step.operation}"
        assert ours["slot0"] == step.state["slot0"]
        ends.append(reader.state_hash)
    assert {"input", "output"} <= set(asked)
    for block in (len(ends) - 20, len(ends) - 60):
        reader.undo_to(block)
        assert reader.state_hash == ends[block]
    again = ClammV4Pool.from_state(ID, reader.state())
    assert again.state_hash == reader.state_hash


def test_the_first_wrong_log_is_named_and_changes_nothing() -> None:
    profile, steps = read_scenario(PLACE / "v4-3000-middle.json.zst")
    reader, named = ClammV4Pool(ID), set()
    for step in steps:
        for topics, data in logs_of(step, 3000, 60):
            before = reader.state_hash
            if topics[0] == TOPICS["Swap"]:
                for place in range(6):
                    wrong = bytearray(data)
                    wrong[32 * place + 31] ^= 1
                    trial = reader.copy()
                    _, difference = trial.follow(topics, bytes(wrong), 0)
                    # An input of a unit more may come to the same price: that log could be true.
                    if difference is not None:
                        named.add(difference[0])
                        assert trial.state_hash == before
            assert reader.follow([topics[0], b"\x05" * 32, *topics[2:]], data, 0) == (None, None), "another pool's"
            assert reader.state_hash == before
            assert reader.follow(topics, data, 0)[1] is None
    assert profile["fee"] == 3000
    assert {"amount0", "amount1", "sqrt_price", "liquidity", "tick", "fee"} <= named


def test_an_event_of_a_call_that_would_have_failed_is_named() -> None:
    reader = ClammV4Pool(ID)
    owner = OWNERS[0].rjust(32, b"\0")
    donation = [TOPICS["Donate"], ID, owner], word(1) + word(1)
    assert reader.follow(*donation, 0)[1] == ("Donate", "revert PoolNotInitialized", "an event")
    words = [3000, 60, 7, 1 << 96, 0]
    heads = [TOPICS["Initialize"], ID, *(token.rjust(32, b"\0") for token in TOKENS)]
    assert reader.follow(heads, b"".join(map(word, words)), 0)[1] == ("hooks", "none", "some")
    words[2] = 0
    assert reader.follow(heads, b"".join(map(word, words)), 0) == (None, None)
    assert reader.follow(*donation, 0)[1] == ("Donate", "revert NoLiquidityToReceiveFees", "an event")
    burnt = [TOPICS["ModifyLiquidity"], ID, owner], b"".join(map(word, (-60, 60, -5, 0)))
    assert reader.follow(*burnt, 0)[1] is not None
    wide = [TOPICS["ProtocolFeeUpdated"], ID], word(1001)
    assert reader.follow(*wide, 0)[1] == ("ProtocolFeeUpdated", "revert ProtocolFeeTooLarge(1001)", "an event")


def test_the_bytecodes_own_logs_are_followed() -> None:
    try:
        contract("PoolManager")
    except MissingArtifactError as error:
        pytest.skip(f"the reference bytecode is not here: {error}")
    profile = next(profile for profile in profiles() if profile.name == "v4-protocol")
    world, scenario = WorldV4(profile.fee, profile.spacing), ScenarioV4(profile, price_at)
    reader, followed = ClammV4Pool(world.id), 0
    for place, operation in enumerate(scenario.operations()):
        if place == 120:
            break
        world.run(operation)
        scenario.state = world.state()
        for log in world.logs:
            assert reader.follow(list(log.topics), log.data, 0)[1] is None, operation
            followed += 1
        assert reader.sqrt_price == scenario.state["slot0"][0], operation
        assert reader.liquidity == scenario.state["liquidity"]
    assert followed > 60
