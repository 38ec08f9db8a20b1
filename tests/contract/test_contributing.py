"""What CONTRIBUTING shows works as it stands there."""

import re
from pathlib import Path
from types import ModuleType

from lossscan.settings import Settings
from tests import logs

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"


def test_the_format_of_the_page_reads_a_log(tmp_path):
    """The example is a whole format: it claims its log and no other, and reads it."""
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    shown = ModuleType("acme_console")
    exec(found[1], shown.__dict__)  # noqa: S102 - our own page
    head = logs.head_with(tmp_path, "[acme] update 100 ce 3.45 lr 1e-4\n[acme] update 200 ce 3.2")
    assert shown.claims(head)
    assert logs.points(shown.read(head, Settings()), "loss") == [(100, 3.45)]
    assert not shown.claims(logs.head_with(tmp_path, logs.MINIMIND))
