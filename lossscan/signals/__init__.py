"""A Run becomes Signals: numpy in, numpy out; knows no files and no rules."""
