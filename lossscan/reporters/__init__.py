"""The report formats, one file each: `render(report, page) -> str`."""
