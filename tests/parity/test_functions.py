"""Every library function equals the compiled library of the v3 core: results and reverts, argument by argument.

catalogue: S4.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.parity import ticks
from tests.parity.functions import FUNCTIONS, ours
from tests.parity.vectors import FUNCTIONS_FILE, unpack


@pytest.fixture(scope="module")
def vectors() -> Any:
    return unpack(FUNCTIONS_FILE.read_bytes())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_library_function_equals_the_bytecode(vectors: Any, name: str) -> None:
    rows = vectors[name]
    wrong = [(args, expected, got) for args, expected in rows if (got := ours(name, args)) != expected]
    assert not wrong[:3], f"{len(wrong)} of {len(rows)} differ"
    assert len(rows) >= 1000


def test_every_tick_equals_the_bytecode_both_ways() -> None:
    assert ticks.digests(ticks.our_answers()) == json.loads(ticks.DIGESTS.read_text())
