"""What report formats share: charts, rows, records, prose."""
