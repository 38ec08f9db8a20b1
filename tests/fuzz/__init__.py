"""Mutated inputs for all that reads one: `python -m tests.fuzz SECONDS [SEED]`."""
