"""A directory becomes a Run: discover its files, read each, merge them, place the landmarks."""
