"""What a strategy reads of a pool: its terms and price, an owner's positions, and a copy that it may compute on."""

from __future__ import annotations

import pytest

from native._core import ClammPool, InputError

OWNER = "0x" + "0a" * 20
PRICE_ONE = 1 << 96


def pool() -> ClammPool:
    made = ClammPool(3000, 60)
    made.initialize(PRICE_ONE, 1)
    made.mint(OWNER, -60, 120, 10**20, 1)
    made.mint(bytes.fromhex("0b" * 20), -600, 600, 10**18, 1)
    return made


def test_the_terms_and_the_price_are_read_by_name() -> None:
    made = pool()
    assert (made.family, made.fee, made.tick_spacing) == ("uniswap", 3000, 60)
    assert (made.sqrt_price, made.tick, made.liquidity) == (PRICE_ONE, 0, 101 * 10**18)


def test_a_copy_goes_its_own_way_and_a_swap_has_names() -> None:
    made = pool()
    before, copy = made.state_hash, made.copy()
    told = copy.swap(True, 10**15, None, 2)
    assert made.state_hash == before
    assert told == (told.amount0, told.amount1, copy.sqrt_price, copy.liquidity, copy.tick)
    assert told.amount0 == 10**15
    assert copy.state_hash != before


def test_no_limit_is_the_end_of_all_prices() -> None:
    for zero_for_one, limit in ((True, 4295128740), (False, 1461446703485210103287273052203988822378723970341)):
        free, limited = pool(), pool()
        assert free.swap(zero_for_one, 10**30, None, 2) == limited.swap(zero_for_one, 10**30, limit, 2)
        assert free.sqrt_price == limit


def test_an_owners_positions_are_found_by_text_and_by_bytes() -> None:
    made = pool()
    [(key, held)] = made.positions_of(OWNER)
    assert key == (OWNER, -60, 120)
    assert (held.liquidity, held.owed0, held.owed1) == (10**20, 0, 0)
    given = made.burn(OWNER, -60, 120, 10**20, 2)
    [(key, held)] = made.positions_of(bytes.fromhex(OWNER[2:]))
    assert (held.liquidity, held.owed0, held.owed1) == (0, *given)
    assert made.positions_of("0x" + "0c" * 20) == []
    with pytest.raises(InputError, match="owner must be an address of 20 bytes"):
        made.positions_of("0x0a")
