"""The log formats, one file each, found by listing this folder; names with `_` are helpers."""
