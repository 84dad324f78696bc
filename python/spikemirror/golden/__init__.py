"""Golden fixtures: emission from the reference in ball arithmetic, loading, verification and lint."""
