"""Strategies of liquidity positions: what they all share, and the three that are brought along.

catalogue: P4, P1. `strategy` is the base class, `amounts` the arithmetic between liquidity and tokens; `range_keeper`,
`wide_range` and `hedged` are one strategy each.
"""
