//! The double-entry ledger: every fill, fee, funding and transfer; debits equal credits, always.
