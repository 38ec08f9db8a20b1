"""What rules share: questions about a run and the building of evidence."""
