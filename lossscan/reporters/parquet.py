"""The report as a Parquet file: the rows of the CSV, with types."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO

from lossscan.errors import MissingExtra
from lossscan.reporters import Page, Reporter, ReportStream
from lossscan.reporters.kit.records import framed, records


def stream(report: ReportStream, page: Page) -> Iterator[bytes]:
    """The whole file at the end; raises MissingExtra before the first run is asked for."""
    missing = [name for name in ("pandas", "pyarrow") if find_spec(name) is None]
    if missing:
        raise MissingExtra("parquet_extra", packages=", ".join(missing))
    table = framed(row for one in report.runs for row in records(one, report.version, page.lang))
    out = BytesIO()
    table.to_parquet(out, engine="pyarrow", index=False)
    yield out.getvalue()


REPORTER = Reporter(name="parquet", stream=stream, binary=True)
