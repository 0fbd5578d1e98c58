"""One rule written twice, in Python and as a Cython kernel, sends the same bytes, replaces and refusals among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from native import _core
from native.glft_kernel import GlftKernel
from pycore.glft_maker import GlftMaker
from pycore.strategy import Contract
from tests.venue_loop import STEP_NS, Loop

PARAMS: dict[str, Any] = {
    "a": 3.0,
    "k": 0.4,
    "gamma": 0.002,
    "xi": 0.002,
    "sigma": 4.0,
    "decay": 0.9,
    "size": 20,
    "levels": 3,
    "step_ticks": 3,
    "min_spread_ticks": 2,
    "requote_ticks": 1,
    "max_position": 50,
    "retry_ms": 250,
}
STEPS = 2_400
SECOND_NS = 1_000_000_000


def kernel_run(loop: Loop, steps: int = STEPS) -> Loop:
    """A session of the compiled kernel."""
    loop.engine.attach_kernel(1, 1, 1, GlftKernel(**PARAMS))
    for _ in range(steps):
        loop.step()
    return loop


def python_run(loop: Loop, steps: int = STEPS) -> Loop:
    """A session of the Python strategy, which runs where a kernel would."""
    maker = GlftMaker(Contract(1, "linear", "BTCUSDT", Decimal("0.1"), Decimal("0.001")), PARAMS)

    def quote(engine: _core.Engine, ts: int, mono: int) -> None:
        view = engine.view(1, 1, 1)
        if view.happened:
            engine.propose(1, 1, 1, maker.generate_proposals(view), ts, mono)

    loop.after = quote
    for _ in range(steps):
        loop.step()
    return loop


@pytest.mark.parametrize("seed", [11, 12])
def test_both_send_the_same_orders(seed: int) -> None:
    compiled, interpreted = kernel_run(Loop(seed)), python_run(Loop(seed))
    kinds = Counter(payload.split(b'"method":"')[1].split(b'"')[0] for payload in compiled.sent)
    assert sum(kinds.values()) > 1000, kinds
    assert min(kinds[b"order.place"], kinds[b"order.modify"], kinds[b"order.cancel"]) > 0, kinds
    assert compiled.engine.refusals(), "the order rate is low enough to refuse some"
    assert compiled.fills > 0
    assert compiled.engine.refusals() == interpreted.engine.refusals()
    assert compiled.sent == interpreted.sent
    assert compiled.engine.state_hash() == interpreted.engine.state_hash()
    compiled.venue.check()


@pytest.mark.parametrize("run", [kernel_run, python_run])
def test_a_refused_wish_is_repeated_after_twice_the_wait_before(run: Callable[[Loop, int], Loop]) -> None:
    loop = Loop(11)
    loop.engine.limit("account", 1, "max_order_qty", 1, 0)
    run(loop, 20 * SECOND_NS // STEP_NS)
    # Each of 3 levels a side asks at 0, 0.25, 0.75, 1.75, 3.75, 7.75 and, after the longest wait of 8 s, at 15.75 s.
    assert loop.engine.refusals() == {"order size": 2 * 3 * 7}
    assert loop.sent == []
