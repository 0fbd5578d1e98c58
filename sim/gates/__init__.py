"""Gates: what a strategy must hold before it may go on; G2 is parity with the contracts, bit for bit.

catalogue: S4, S10.
"""
