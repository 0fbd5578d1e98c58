"""Lives pools on the reference EVM: a profile's operations, drawn and run one after the other.

catalogue: S4.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from sim.contracts import package
from tests.parity.dialect import V2, V4
from tests.parity.evm import Revm, call_data
from tests.parity.scenario import Profile, Scenario
from tests.parity.scenario_v2 import ScenarioV2
from tests.parity.scenario_v4 import ScenarioV4
from tests.parity.solc import compile_contracts
from tests.parity.vectors import Step
from tests.parity.world import Engine, World
from tests.parity.world_v2 import WorldV2
from tests.parity.world_v4 import WorldV4


def _sources() -> dict[str, str]:
    """The libraries of the v3 core by the path that they are imported by."""
    folder = package("@uniswap/v3-core") / "contracts" / "libraries"
    return {
        f"libraries/{path.name}": path.read_text() for path in folder.glob("*.sol") if path.stem != "TransferHelper"
    }


@cache
def libraries() -> tuple[Revm, str]:
    """An EVM with our wrappers of the v3 core's libraries, and their address."""
    engine = Revm()
    return engine, engine.deploy(compile_contracts("Libraries", sources=_sources())["Libraries"])


@cache
def observations() -> str:
    """The wrappers of the oracle and of a tick's update, in the same EVM; private functions are made internal."""
    sources = _sources()
    oracle = "libraries/Oracle.sol"
    sources[oracle] = sources[oracle].replace(" private ", " internal ")
    return libraries()[0].deploy(compile_contracts("Observations", sources=sources)["Observations"])


def price_at(tick: int) -> int:
    """The exact square-root price of a tick, from the deployed library's source."""
    engine, address = libraries()
    return int.from_bytes(engine.call(address, call_data("priceAtTick(int24)", tick)), "big")


def live(profile: Profile, engine: Engine | None = None) -> Iterator[Step]:
    """The steps of a profile's life; every step is run when it is asked for."""
    world: World | WorldV2 | WorldV4
    scenario: Scenario
    if profile.dialect is V4:
        world, scenario = WorldV4(profile.fee, profile.spacing), ScenarioV4(profile, price_at)
    elif profile.dialect is V2:
        world, scenario = WorldV2(engine or Revm()), ScenarioV2(profile, price_at)
    else:
        world = World(engine or Revm(), profile.dialect, profile.fee, profile.spacing)
        scenario = Scenario(profile, price_at)
    for operation in scenario.operations():
        outcome = world.run(operation)
        scenario.state = world.state()
        yield Step(operation, outcome, scenario.state)
