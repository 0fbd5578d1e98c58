"""From intent to money: gateways, execution, positions, ledger and reconciliation."""
