//! The pre-trade gate: small checks run in order; the result is `Approved` or a refusal naming every failed check.
