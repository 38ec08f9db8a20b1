"""What verbs share: options, output, progress."""
