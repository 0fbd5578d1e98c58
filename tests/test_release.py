"""No request leaves before the journal is durable up to its event, and none overtakes another."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms import release
from oms.release import DurableRelease, WaitingFullError
from pycore.clock import Clock
from pycore.latency import LatencyTracker


@dataclass(frozen=True)
class Request:
    """A request with its event's number."""

    seq: int
    order: int = 1
    request: int = 1
    account: int = 1
    market: str = "linear"
    payload: bytes = b""
    expires: int = 0
    mono: int = 0


@given(st.lists(st.one_of(st.just("write"), st.integers(1, 5), st.just("sync")), max_size=60))
def test_nothing_leaves_early_late_or_out_of_order(steps: list[str | int]) -> None:
    durable = 0
    written = 0
    sent: list[int] = []
    held = DurableRelease(lambda: durable, lambda request: sent.append(request.seq), Clock(), LatencyTracker())
    for step in steps:
        if step == "write":
            written += 1
            held.add([Request(written)])
        elif step == "sync":
            durable = written
            held.flush()
        else:
            durable = min(written, durable + int(step))
            held.flush()
        assert sent == list(range(1, durable + 1))
        assert len(held) == written - durable


def test_a_disk_that_stands_still_stops_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "WAITING_MAX", 3)
    held = DurableRelease(lambda: 0, lambda request: None, Clock(), LatencyTracker())
    held.add([Request(1), Request(2), Request(3)])
    with pytest.raises(WaitingFullError, match="was 4"):
        held.add([Request(4)])
    assert len(held) == 4, "nothing was dropped"
