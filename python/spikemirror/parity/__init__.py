"""Kernels x mirrors x cases: the one error metric, the run and its record."""
