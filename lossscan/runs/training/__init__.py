"""The settings of a training, from its files and its logs."""
