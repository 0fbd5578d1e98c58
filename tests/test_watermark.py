"""The watermark of a chain (R7): what rests on a chain that is too old is refused, and says by how much."""

from __future__ import annotations

import math

import pytest

from native._core import InputError
from risk.watermark import StaleChainError, Watermark

SECOND = 1_000_000_000


def at(block: int, head: int, age_s: float) -> tuple[Watermark, int]:
    mark = Watermark(behind_max=2, age_s_max=30.0)
    mark.complete(block, 1_000)
    mark.told(head)
    return mark, int((1_000 + age_s) * SECOND)


@pytest.mark.parametrize(("block", "head", "age_s"), [(100, 100, 0.0), (100, 102, 30.0), (100, 99, 1.0)])
def test_a_fresh_chain_lets_requests_through(block: int, head: int, age_s: float) -> None:
    mark, now = at(block, head, age_s)
    assert mark.require(now) == block


@pytest.mark.parametrize(
    ("head", "age_s", "says"),
    [
        (103, 1.0, "block 100 is 3 behind the head 103, at most 2 are allowed"),
        (100, 30.5, "block 100 is 30.5 s old, at most 30.0 are allowed"),
    ],
)
def test_a_stale_chain_refuses(head: int, age_s: float, says: str) -> None:
    mark, now = at(100, head, age_s)
    with pytest.raises(StaleChainError, match=says):
        mark.require(now)


def test_nothing_known_refuses_and_a_reorganisation_moves_it_back() -> None:
    mark = Watermark(behind_max=0, age_s_max=30.0)
    with pytest.raises(StaleChainError, match="no block of the chain is complete"):
        mark.require(0)
    mark.complete(100, 1_000)
    assert mark.require(1_000 * SECOND) == 100
    mark.complete(97, 964)
    with pytest.raises(StaleChainError, match="block 97 is 3 behind the head 100"):
        mark.require(1_000 * SECOND)


@pytest.mark.parametrize(
    ("behind", "age_s", "says"),
    [
        (-1, 1.0, "behind_max must be 0 or more blocks, was -1"),
        (0, 0.0, "age_s_max .* was 0"),
        (0, math.inf, "was inf"),
    ],
)
def test_limits_that_limit_nothing_are_refused(behind: int, age_s: float, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Watermark(behind, age_s)
