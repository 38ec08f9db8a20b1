"""What the metadata takes from elsewhere: the address of the site, a README with whole links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_HOME = re.compile(r'^__homepage__ = "(.+)"', re.MULTILINE)
_LINK = re.compile(r"\]\((?![\w+.-]+:|#)([^)#\s]+)")  # to a file beside the page


class Addresses(MetadataHookInterface):
    """The links of a page on an index know no folders: each leads to the page of the site."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the addresses and the description; raises TypeError where no address is stated."""
        root = Path(self.root)
        found = _HOME.search((root / "lossscan" / "__init__.py").read_text(encoding="utf-8"))
        home = found[1] if found else None
        if home is None:
            raise TypeError("lossscan/__init__.py states no __homepage__")
        text = (root / "README.md").read_text(encoding="utf-8")
        whole = _LINK.sub(lambda link: f"]({home}{_on_site(link[1])}", text)
        metadata["urls"] = {"Homepage": home, "Changelog": home + _on_site("CHANGELOG.md")}
        metadata["readme"] = {"content-type": "text/markdown", "text": whole}


def _on_site(path: str) -> str:
    """Where the site has a file of the repository: pages become folders."""
    if not path.endswith(".md"):
        return path
    return re.sub(r"(^|/)README/$", r"\1", path.removesuffix(".md") + "/")
