"""The reference text in ball arithmetic: expected values that are certain, and error budgets that are derived."""
