"""Types of the compiled GLFT maker."""

from typing_extensions import CapsuleType, disjoint_base

@disjoint_base
class GlftKernel:
    """The compiled GLFT maker."""

    def __init__(
        self,
        *,
        a: float,
        k: float,
        gamma: float,
        xi: float,
        sigma: float,
        decay: float,
        size: int,
        levels: int,
        step_ticks: int,
        min_spread_ticks: int,
        requote_ticks: int,
        max_position: int,
        retry_ms: int,
    ) -> None: ...
    @property
    def capsule(self) -> CapsuleType: ...
    @property
    def variance(self) -> float: ...

__test__: dict[str, object]
