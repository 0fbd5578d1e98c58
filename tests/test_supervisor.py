"""Every fault has a named final state, and only a core that is not itself at fault is asked to cancel."""

from __future__ import annotations

import pytest

from native._core import BrokenError, FullError, StorageError
from oms.release import WaitingFullError
from pycore.config import Watch
from pycore.errors import EngineError
from pycore.runner import StrategyError
from pycore.supervisor import core_usable, first_of, name_of
from pycore.watch import HostWatch


class PanicException(BaseException):  # the name that PyO3 gives to a panic of the core
    """Stands where a core panic would."""


@pytest.mark.parametrize(
    ("error", "state", "usable"),
    [
        (StrategyError("strategy a raised"), "killed: strategy raised", True),
        (EngineError("stopped: disk", "full"), "stopped: disk", True),
        (BrokenError("invariant"), "killed: invariant broken", False),
        (StorageError("EIO"), "killed: storage failed", False),
        (FullError("full"), "killed: a bound is full", False),
        (WaitingFullError("full"), "killed: a bound is full", False),
        (PanicException("index out of bounds"), "killed: core panic", False),
        (RuntimeError("?"), "killed: unexpected error", False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_each_fault_has_its_name(error: BaseException, state: str, usable: bool) -> None:
    assert (name_of(error), core_usable(error)) == (state, usable)


def test_the_first_fault_of_nested_groups_is_found() -> None:
    inner = PanicException("core")
    group = BaseExceptionGroup("outer", [BaseExceptionGroup("inner", [inner, ValueError("second")])])
    assert first_of(group) is inner


@pytest.mark.parametrize(
    ("bounds", "state"),
    [
        (Watch(disk_free_mib=2**40), "stopped: disk"),
        (Watch(disk_free_mib=1, memory_mib=64), "stopped: memory"),
    ],
)
def test_a_host_beyond_its_bounds_stops_the_engine(bounds: Watch, state: str, tmp_path: object) -> None:
    ballast = bytearray(128 * 1024 * 1024)
    with pytest.raises(EngineError) as raised:
        HostWatch(bounds, str(tmp_path)).check()
    assert (raised.value.state, len(ballast) > 0) == (state, True)


def test_a_host_within_its_bounds_passes(tmp_path: object) -> None:
    HostWatch(Watch(disk_free_mib=1, memory_mib=2**30), str(tmp_path)).check()
