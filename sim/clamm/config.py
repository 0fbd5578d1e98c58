"""The configuration of a liquidity backtest: checked whole before anything runs, every fault at once.

catalogue: S4, K8. Amounts are decimal strings of smallest units. The market is either recorded (a pool's state and the
events after it) or generated from a seed.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator

from pycore.config import Section
from pycore.errors import ConfigError, InputError

Units = Annotated[str, Field(pattern=r"^[0-9]{1,39}$")]


class TokenSection(Section):
    """One token of the pool."""

    symbol: Annotated[str, Field(min_length=1, max_length=16)]
    decimals: Annotated[int, Field(ge=0, le=36)]


class RecordedSection(Section):
    """A pool's state, and the events that followed it (both `.json.gz` or `.json`)."""

    state: Path
    events: Path


class GeneratedSection(Section):
    """A market from a seed; `price` in whole tokens 1 for one token 0, `trade_value` and `depth` in whole tokens 1.

    `depth` is what the other providers hold on each side of the first price, spread over the whole range.
    """

    seed: Annotated[int, Field(ge=0)] = 1
    blocks: Annotated[int, Field(ge=2, le=10_000_000)] = 7_200
    block_s: Annotated[int, Field(ge=1)] = 12
    price: Annotated[float, Field(gt=0)] = 2_000.0
    fee: Annotated[int, Field(gt=0, lt=1_000_000)] = 3_000
    tick_spacing: Annotated[int, Field(ge=1, le=16_383)] = 60
    depth: Annotated[float, Field(gt=0)] = 20_000_000.0
    volatility: Annotated[float, Field(ge=0)] = 0.8
    jumps_per_day: Annotated[float, Field(ge=0)] = 2.0
    jump_size: Annotated[float, Field(ge=0)] = 0.01
    trades_per_block: Annotated[float, Field(ge=0)] = 0.5
    trade_value: Annotated[float, Field(gt=0)] = 3_000.0
    trade_spread: Annotated[float, Field(ge=0)] = 1.2


class ReferenceSection(Section):
    """The price outside: token 0 in token 1 from a file of Chainlink's rounds, or from the ratio of two of them."""

    chainlink: Path
    over: Path | None = None
    inverted: bool = False
    age_s_max: Annotated[int, Field(gt=0)] = 3_900


class WalletSection(Section):
    """What the strategy begins with."""

    amount0: Units
    amount1: Units


class StrategySection(Section):
    """Which strategy: an entry point of `tickwright.liquidity`, or `module:Class`, and its parameters."""

    kind: str
    params: dict[str, Any] = Field(default_factory=dict)


class CostsSection(Section):
    """Gas in units a call; `gas_price_gwei` holds where the market does not tell its own, `native_price` is one coin of
    the chain in whole tokens 1. The hedge's fee is in basis points.
    """

    mint: Annotated[int, Field(ge=0)] = 430_000
    burn: Annotated[int, Field(ge=0)] = 190_000
    collect: Annotated[int, Field(ge=0)] = 140_000
    swap: Annotated[int, Field(ge=0)] = 150_000
    gas_price_gwei: Annotated[float, Field(ge=0)] = 20.0
    native_price: Annotated[float, Field(ge=0)] = 1.0
    hedge_fee_bp: Annotated[float, Field(ge=0)] = 2.0


class LiquidityConfig(Section):
    """The whole file."""

    token0: TokenSection
    token1: TokenSection
    wallet: WalletSection
    strategy: StrategySection
    costs: CostsSection = Field(default_factory=CostsSection)
    recorded: RecordedSection | None = None
    generated: GeneratedSection | None = None
    reference: ReferenceSection | None = None

    @field_validator("wallet")
    @classmethod
    def _something(cls, wallet: WalletSection) -> WalletSection:
        if not int(wallet.amount0) and not int(wallet.amount1):
            raise ValueError("one of both amounts must be above 0")
        return wallet

    @model_validator(mode="after")
    def _one_market(self) -> LiquidityConfig:
        if (self.recorded is None) == (self.generated is None):
            raise ValueError("the market must be one of [recorded] and [generated]")
        if self.generated is not None and self.reference is not None:
            raise ValueError("a generated market has its own reference")
        return self


def load(path: Path) -> LiquidityConfig:
    """Reads a TOML file; its paths are from its folder. ConfigError with every fault, InputError for no file."""
    try:
        data = tomllib.loads(path.read_text())
    except OSError as why:
        raise InputError(f"CONFIG must be a file that can be read ({why.strerror}), was {path}") from None
    except tomllib.TOMLDecodeError as why:
        raise InputError(f"CONFIG must be TOML ({why}), was {path}") from None
    try:
        return _placed(LiquidityConfig.model_validate(data), path.parent)
    except ValidationError as error:
        faults = [
            (".".join(map(str, item["loc"])), f"{item['msg'].lower()}, was {item['input']!r}")
            for item in error.errors()
        ]
        raise ConfigError(str(path), faults) from None


def _placed(config: LiquidityConfig, folder: Path) -> LiquidityConfig:
    """The same with every file below the folder of the configuration, where it is not absolute."""
    if config.recorded is not None:
        files = {name: folder / getattr(config.recorded, name) for name in ("state", "events")}
        config = config.model_copy(update={"recorded": config.recorded.model_copy(update=files)})
    if config.reference is not None:
        named = {"chainlink": folder / config.reference.chainlink}
        if config.reference.over is not None:
            named["over"] = folder / config.reference.over
        config = config.model_copy(update={"reference": config.reference.model_copy(update=named)})
    return config
