"""A liquidity backtest from its configuration to its run directory: `result.json`, `calls.parquet`, `report.html`.

catalogue: S4, P4, S7.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from feeds.chain.pool_file import open_pool
from feeds.ports import Results
from native._core import ClammPool
from pycore.lp.find import find
from pycore.lp.strategy import Tokens
from sim.clamm.backtest import Backtest, Costs
from sim.clamm.config import GeneratedSection, LiquidityConfig
from sim.clamm.flow import Block, Flow
from sim.clamm.generated import GeneratedFlow, Market
from sim.clamm.page import Told, html, segments_of
from sim.clamm.recorded import RecordedFlow, completed, rows
from sim.clamm.reference import Reference, chainlink

_GWEI = 1_000_000_000
#: Where a generated chain begins: 2024-01-01 00:00 UTC.
_FIRST = (18_908_895, 1_704_067_200)
_OTHERS = "0x0000000000000000000000000000000000000001"


def backtest(config: LiquidityConfig, folder: Path, title: str, output: Results) -> dict[str, Any]:
    """Runs and writes everything into an empty folder; returns the result as `result.json` has it."""
    tokens = Tokens(config.token0.decimals, config.token1.decimals)
    pool, flow, reference, blocks = _market(config, tokens)
    costs = _costs(config)
    strategy = find(config.strategy.kind)(config.strategy.params)
    wallet = (int(config.wallet.amount0), int(config.wallet.amount1))
    run = Backtest(pool, flow, strategy, costs, wallet, reference)
    with output.progress("backtest", blocks) as bar:
        for done, _ in enumerate(run.run(), start=1):
            bar.update(0, completed=done)
    result = _result(config, run, title)
    (folder / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    pq.write_table(_calls(run), folder / "calls.parquet")
    (folder / "report.html").write_text(html(_told(config, tokens, run, title, result)))
    return result


def _market(config: LiquidityConfig, tokens: Tokens) -> tuple[ClammPool, Flow, Reference | None, int]:
    """The pool, what others do in it, the price outside where there is one, and how many blocks there are."""
    gas_price = int(config.costs.gas_price_gwei * _GWEI)
    if config.recorded is not None:
        events = rows(config.recorded.events)
        pool = completed(open_pool(config.recorded.state, "recorded.state"), events)
        recorded = RecordedFlow(events, pool, gas_price)
        return pool, recorded, _reference(config, tokens), len(recorded)
    drawn = config.generated or GeneratedSection()
    unit = 10.0 ** (tokens.decimals1 - tokens.decimals0)
    market = Market(
        drawn.seed,
        drawn.blocks,
        drawn.price * unit,
        drawn.fee,
        Block(*_FIRST, gas_price),
        drawn.block_s,
        drawn.volatility,
        drawn.jumps_per_day,
        drawn.jump_size,
        drawn.trades_per_block,
        drawn.trade_value * 10.0**tokens.decimals1,
        drawn.trade_spread,
    )
    flow = GeneratedFlow(market)
    return (
        market.pool(drawn.tick_spacing, int(drawn.depth * 10.0**tokens.decimals1), _OTHERS),
        flow,
        flow.reference,
        drawn.blocks,
    )


def _reference(config: LiquidityConfig, tokens: Tokens) -> Reference | None:
    """The price outside in smallest units of token 1 for one of token 0."""
    asked = config.reference
    if asked is None:
        return None
    found = chainlink(asked.chainlink, age_s_max=asked.age_s_max)
    if asked.over is not None:
        found = found.over(chainlink(asked.over, age_s_max=asked.age_s_max))
    if asked.inverted:
        found = found.inverted()
    return found.scaled(10.0 ** (tokens.decimals1 - tokens.decimals0))


def _costs(config: LiquidityConfig) -> Costs:
    asked = config.costs
    units = {"MintRange": asked.mint, "BurnRange": asked.burn, "CollectRange": asked.collect, "SwapTokens": asked.swap}
    # One wei of an 18-decimal coin, in smallest units of token 1.
    native = asked.native_price * 10.0 ** (config.token1.decimals - 18)
    return Costs(units, native, asked.hedge_fee_bp)


def _result(config: LiquidityConfig, run: Backtest, title: str) -> dict[str, Any]:
    """Everything that came of it; amounts as decimal strings of smallest units."""
    figures = run.performance()
    told = {name: value for name, value in asdict(figures).items() if name != "fees"}
    held = run.marks[-1]
    return {
        "run": title,
        "strategy": config.strategy.kind,
        "fees0": str(figures.fees[0]),
        "fees1": str(figures.fees[1]),
        "wallet0": str(held.wallet[0]),
        "wallet1": str(held.wallet[1]),
        "position0": str(held.position[0]),
        "position1": str(held.position[1]),
        "profit": figures.profit,
        "against_holding": figures.against_holding,
        **told,
        "calls": len(run.actions),
        "failed_calls": sum(bool(action.why) for action in run.actions),
        "refused_of_others": run.refused,
        "state_hash": run.pool.state_hash.hex(),
    }


def _calls(run: Backtest) -> pa.Table:
    rows = [
        {**action._asdict(), "amount0": str(action.amount0), "amount1": str(action.amount1)} for action in run.actions
    ]
    schema = pa.schema(
        [
            ("block", pa.int64()),
            ("time_s", pa.int64()),
            ("call", pa.string()),
            ("lower", pa.int32()),
            ("upper", pa.int32()),
            ("amount0", pa.string()),
            ("amount1", pa.string()),
            ("gas", pa.float64()),
            ("why", pa.string()),
        ]
    )
    return pa.Table.from_pylist(rows, schema)


def _net(pool: ClammPool) -> list[tuple[int, int]]:
    """Initialised ticks in order, each with its net liquidity."""
    return sorted((tick, data["liquidity_net"]) for tick, data in pool.state()["ticks"].items())


def _told(config: LiquidityConfig, tokens: Tokens, run: Backtest, title: str, result: dict[str, Any]) -> Told:
    facts = {name: f"{value:,.6g}" if isinstance(value, float) else str(value) for name, value in result.items()}
    return Told(
        title=f"{title}: {config.strategy.kind}",
        symbols=(config.token0.symbol, config.token1.symbol),
        tokens=tokens,
        marks=run.marks,
        pool_prices=run.pool_prices,
        actions=run.actions,
        figures=run.performance(),
        segments=segments_of(_net(run.pool)),
        facts=facts,
    )
