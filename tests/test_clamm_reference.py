"""The price outside a pool: what was known at a moment, from Chainlink's rounds and from bars."""

from __future__ import annotations

from pathlib import Path

import pytest

from native._core import InputError
from sim.clamm.reference import Reference, chainlink

PHASE = 1 << 64


def rounds(path: Path, *rows: tuple[int, int, int]) -> Path:
    text = "roundId,answer,startedAt,updatedAt\n" + "".join(
        f"{number},{answer},0,{at}\n" for number, answer, at in rows
    )
    path.write_text(text)
    return path


def test_a_price_holds_from_its_publication_on_and_no_longer_than_it_is_believed() -> None:
    found = Reference((100, 200), (1.0, 2.0), age_s_max=150)
    assert [found.at(time) for time in (100, 199, 200, 350)] == [1.0, 1.0, 2.0, 2.0]
    with pytest.raises(InputError, match="time_s must be 100 or later for this reference, was 99"):
        found.at(99)
    with pytest.raises(InputError, match="reference must be at most 150 s old at 351, was 151 s"):
        found.at(351)


def test_one_price_over_another_knows_nothing_that_either_did_not() -> None:
    btc, eth = Reference((100, 300), (50.0, 60.0), 10_000), Reference((200, 400), (5.0, 4.0), 10_000)
    ratio = btc.over(eth)
    assert ratio.times_s == (200, 300, 400)
    assert ratio.prices == (10.0, 12.0, 15.0)
    assert ratio.inverted().at(200) == 0.1
    assert ratio.scaled(2.0).at(400) == 30.0


def test_rounds_are_read_in_any_order_and_a_newer_aggregator_wins(tmp_path: Path) -> None:
    path = rounds(
        tmp_path / "rounds.csv",
        (2 * PHASE + 1, 300_000_000, 150),
        (PHASE + 3, 500_000_000, 160),
        (PHASE + 2, 200_000_000, 120),
        (PHASE + 1, 100_000_000, 100),
        (PHASE, 0, 0),
    )
    found = chainlink(path)
    assert (found.times_s, found.prices) == ((100, 120, 150), (1.0, 2.0, 3.0))


def test_every_open_file_of_rounds_is_read_whole(shared_data: Path) -> None:
    for name, count in (("eth_usd", 11_106), ("btc_usd", 10_691)):
        found = chainlink(shared_data / "oracle" / f"chainlink_{name}_mainnet.csv.gz")
        assert len(found.times_s) == count
    usdc = chainlink(shared_data / "oracle" / "chainlink_usdc_usd_mainnet.csv.gz")
    assert len(usdc.times_s) == 854  # the older aggregator went on beside the newer one for a while
    assert all(0.9 < price < 1.1 for price in usdc.prices)


@pytest.mark.parametrize(
    ("times", "prices", "says"),
    [
        ((), (), "must have a price for each time, was 0 and 0"),
        ((2, 1), (1.0, 1.0), "times_s must be sorted, was not"),
        ((1,), (0.0,), "prices must be above 0 and finite, was 0.0"),
        ((1,), (float("nan"),), "prices must be above 0 and finite, was nan"),
    ],
)
def test_what_is_no_price_is_refused(times: tuple[int, ...], prices: tuple[float, ...], says: str) -> None:
    with pytest.raises(InputError, match=says):
        Reference(times, prices)


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"reference must be a file that can be read .*, was .*none.csv"):
        chainlink(tmp_path / "none.csv")
    torn = tmp_path / "torn.csv"
    torn.write_text("round,answer,update\n1,x,3\n")
    with pytest.raises(InputError, match="answer must be a whole number, was x"):
        chainlink(torn)
    torn.write_text("round,price\n1,2\n")
    with pytest.raises(InputError, match="must have a column answer, was round, price"):
        chainlink(torn)
