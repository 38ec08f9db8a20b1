"""Numeric helpers: robust statistics over numpy arrays; they know nothing else."""
