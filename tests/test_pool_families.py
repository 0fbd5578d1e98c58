"""v4's manager, v2's pairs and Pancake's pools from Python: one life of each, and what they refuse."""

from __future__ import annotations

import pytest

from native._core import ClammPair, ClammPool, ClammV4, InputError, RevertError

ME = b"\x09" * 20
KEY = (b"\x01" * 20, b"\x02" * 20, 3000, 60)
LOWEST = 4295128740


def test_v4_liquidity_swap_and_settlement() -> None:
    manager = ClammV4()
    assert manager.initialize(KEY, 1 << 96) == 0
    with pytest.raises(RevertError, match="ManagerLocked") as refused:
        manager.donate(ME, KEY, 1, 1)
    assert refused.value.args[1] == bytes.fromhex("54e3ca0d")
    manager.unlock()
    manager.set_protocol_fee(KEY, 1000 | 500 << 12)
    total, fees = manager.modify_liquidity(ME, KEY, -60, 60, 10**18, b"\x07" * 32)
    assert total == (-2995354955910781, -2995354955910781)
    assert fees == (0, 0)
    amount0, amount1, price, liquidity, tick, fee = manager.swap(ME, KEY, True, -(10**15), LOWEST)
    assert (amount0, liquidity, fee) == (-(10**15), 10**18, 3997)
    assert amount1 > 0
    assert tick < 0
    assert price < 1 << 96
    # The protocol's thousandth is of the whole input.
    assert manager.protocol_fees(KEY[0]) == 10**12
    state = manager.pool(KEY)
    assert state
    assert state["positions"].keys() == {(ME, -60, 60, b"\x07" * 32)}
    with pytest.raises(RevertError, match="CurrencyNotSettled"):
        manager.lock()
    for currency in KEY[:2]:
        manager.settle(ME, currency, -manager.delta(ME, currency))
    manager.lock()
    with pytest.raises(InputError, match="salt must be 32 bytes"):
        manager.modify_liquidity(ME, KEY, -60, 60, 1, b"\x07")


def test_v2_pair_mints_swaps_and_burns() -> None:
    pair = ClammPair()
    pair.deposit(10**6, 4 * 10**6)
    assert pair.mint(ME, ME, 1) == 2 * 10**6 - 1000
    before = pair.state_hash
    with pytest.raises(RevertError, match="UniswapV2: K"):
        pair.swap(ME, ME, (0, 3985), 2, (1000, 0))
    assert pair.state_hash == before
    assert pair.swap(ME, ME, (0, 3984), 2, (1000, 0)) == (1000, 0)
    pair.transfer(ME, None, 1_999_000)
    assert pair.burn(ME, ME, 3) == (1_000_499, 3_994_017)
    assert pair.state()["reserves"] == (501, 1_999)
    again = ClammPair.from_state(pair.state())
    assert again.state_hash == pair.state_hash
    with pytest.raises(InputError, match="reserves must fit 112 bits"):
        ClammPair.from_state({**pair.state(), "reserves": (1 << 112, 1)})


def test_pancake_takes_its_share_from_the_first_swap_on() -> None:
    pool = ClammPool(2500, 50, "pancake")
    pool.initialize(1 << 96, 1)
    assert pool.state()["slot0"]["fee_protocol"] == 3200 | 3200 << 16
    pool.mint(ME, -50, 50, 10**18, 1)
    pool.swap(True, 10**12, LOWEST, 2)
    assert pool.state()["protocol_fees"] == (10**12 * 2500 // 10**6 * 3200 // 10**4, 0)
    with pytest.raises(RevertError, match="without a reason"):
        pool.set_fee_protocol(999, 1000)
    assert pool.set_fee_protocol(1000, 4000) == (3200, 3200)
