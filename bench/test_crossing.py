"""What a crossing from Python into the core costs, beside a floor of the same run: a call that does nothing.

catalogue: P1. Run with `python -m pytest bench/test_crossing.py --benchmark-only` on a release build; pytest-benchmark
prints the table, whose last rows compare the Python maker with the compiled kernel on the same messages.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from native import _core
from native.glft_kernel import GlftKernel
from pycore.glft_maker import GlftMaker
from pycore.strategy import Contract
from tests.test_kernel_parity import PARAMS
from tests.venue_loop import Loop

Benchmark = Callable[..., Any]


@pytest.fixture(autouse=True)
def release_only() -> None:
    """A debug build's figures mean nothing."""
    assert _core.BUILD_PROFILE == "release", "build the core in release before benching it"


class Feed:
    """An engine with a synchronised book, and an endless chain of small depth messages for it."""

    def __init__(self) -> None:
        """Takes the engine of a loop, whose venue is not asked any more."""
        self.loop = Loop(5)
        self.engine = self.loop.engine
        self.update = self.loop.previous
        self.now = self.loop.now

    def message(self) -> bytes:
        """The next depth message: one level changes its size."""
        previous, self.update = self.update, self.update + 1
        self.now += 1_000_000
        ms = self.now // 10**6
        size = f"{1 + self.update % 9}.000"
        body = {"e": "depthUpdate", "E": ms, "T": ms, "s": "BTCUSDT", "U": previous, "u": self.update, "pu": previous}
        return json.dumps(body | {"b": [["50000.0", size]], "a": []}).encode()

    def take(self, payload: bytes) -> None:
        """One crossing: bytes to an applied book."""
        self.engine.market(self.loop.stream, "linear", payload, self.now, self.now)


def next_message(feed: Feed) -> Callable[[], tuple[tuple[bytes], dict[str, Any]]]:
    """A set-up for each round that is not timed: the next message."""
    return lambda: ((feed.message(),), {})


def test_floor_a_call_that_does_nothing(benchmark: Benchmark) -> None:
    """The floor: into the core and back."""
    feed = Feed()
    benchmark(feed.engine.durable)


def test_top_of_book(benchmark: Benchmark) -> None:
    """Best bid and offer."""
    feed = Feed()
    assert benchmark(feed.engine.top, 1) is not None


def test_ten_levels(benchmark: Benchmark) -> None:
    """Ten levels as bytes."""
    feed = Feed()
    assert len(benchmark(feed.engine.levels, 1, 0, 10)) == 160


def test_a_market_message(benchmark: Any) -> None:
    """Bytes to an applied book."""
    feed = Feed()
    benchmark.pedantic(feed.take, setup=next_message(feed), rounds=5_000, warmup_rounds=200)


def test_a_market_message_and_the_compiled_maker(benchmark: Any) -> None:
    """The same, and the Cython kernel's look at it."""
    feed = Feed()
    feed.engine.attach_kernel(1, 1, 1, GlftKernel(**PARAMS))
    benchmark.pedantic(feed.take, setup=next_message(feed), rounds=5_000, warmup_rounds=200)


def test_a_market_message_and_the_python_maker(benchmark: Any) -> None:
    """The same, and the Python maker's look at it."""
    feed = Feed()
    maker = GlftMaker(Contract(1, "linear", "BTCUSDT", Decimal("0.1"), Decimal("0.001")), PARAMS)

    def take(payload: bytes) -> None:
        feed.take(payload)
        view = feed.engine.view(1, 1, 1)
        feed.engine.propose(1, 1, 1, maker.generate_proposals(view), feed.now, feed.now)

    benchmark.pedantic(take, setup=next_message(feed), rounds=5_000, warmup_rounds=200)
