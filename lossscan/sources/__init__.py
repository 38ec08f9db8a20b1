"""Bytes: files, compressed copies, pipes, URLs, safe loaders; nothing here knows of logs."""
