"""The rules, one file each, and their words in `catalogue`."""
