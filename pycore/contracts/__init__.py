"""The contracts between zones, and their committed descriptor set (catalogue: K10).

Rules of change: docs/decisions/0008-contracts.md. `make contracts` compiles them; tests/test_contracts.py holds the
rules.
"""
