"""What tests of simulator and gate need of contracts: they are skipped, and say so, where none were fetched."""

from __future__ import annotations

import pytest

from sim import contracts
from sim.gates.uniswap import Uniswap

#: Fee in hundredths of a basis point, and the spacing of ticks that goes with it.
FEE, SPACING = 3000, 60
PRICE_ONE = 1 << 96


def contract(name: str) -> contracts.Contract:
    """A fetched contract; the test is skipped without it."""
    try:
        return contracts.contract(name)
    except contracts.MissingArtifactError as missing:
        pytest.skip(str(missing))


def uniswap(fee: int = FEE, spacing: int = SPACING) -> Uniswap:
    """The real contracts with a pool that is not initialised; the test is skipped without them."""
    contract("UniswapV3Pool")
    return Uniswap(fee, spacing)
