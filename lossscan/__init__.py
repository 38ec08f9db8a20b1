"""lossscan: reads what a training run left on disk and explains what happened to its loss."""

__version__ = "0.1.0"
