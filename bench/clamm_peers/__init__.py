"""Quotes of a concentrated-liquidity pool, ours beside those of others: `python -m bench.clamm_peers`."""
