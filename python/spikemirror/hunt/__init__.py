"""Property-based search for calls on which a mirror and the exact oracle disagree."""
