"""Canonical names: of series, of settings of a training, and of their values."""
