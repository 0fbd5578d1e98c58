"""Concentrated liquidity over time: quotes, replays of pools, and backtests of liquidity strategies.

catalogue: S4, P4. `flow` is what others do in a pool, `backtest` puts a strategy's own positions among it,
`performance` says what came of them, `page` draws it.
"""
