"""What may not happen: limits, rules, breakers and approvals."""
