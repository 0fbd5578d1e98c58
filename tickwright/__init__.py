"""Tickwright: market making on exchanges and concentrated liquidity, on one compiled core."""
