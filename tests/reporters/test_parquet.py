"""The table of findings for a data frame, written by libraries that only this report needs."""

from __future__ import annotations

from io import BytesIO

import pytest
from msgspec.structs import replace

from lossscan.errors import MissingExtra
from lossscan.reporters import Page, finished, stream
from tests.reports import jumped, report


@pytest.mark.parametrize("missing", ["pandas", "pyarrow"])
def test_parquet_names_the_extra_that_is_missing(monkeypatch: pytest.MonkeyPatch, missing: str):
    """Before the first run is judged, the answer says what to install."""
    monkeypatch.setattr(
        "lossscan.reporters.parquet.find_spec", lambda name: None if name == missing else name
    )
    page = Page()
    with pytest.raises(MissingExtra, match=missing) as caught:
        list(stream("parquet", finished(report(jumped()), page), page))
    assert "lossscan[parquet]" in str(caught.value.hint)


def test_parquet_takes_a_path_that_is_no_text():
    """One such path costs no report of all the others."""
    import pandas as pd  # for which no other test has to wait

    odd = replace(jumped(), path="run-\udcff\udcfe")
    (data,) = stream("parquet", finished(report(odd, jumped()), Page()), Page())
    assert isinstance(data, bytes)
    assert pd.read_parquet(BytesIO(data))["path"][0] == "run-\\udcff\\udcfe"
