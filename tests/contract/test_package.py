"""What is released: the wheel and the sdist hold what belongs there, and their page works."""

from __future__ import annotations

import email
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from lossscan import __homepage__, __version__

ROOT = Path(__file__).parents[2]
OF_SDIST = {
    "docs", "hatch_build.py", "lossscan", "README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml",
    "PKG-INFO", ".gitignore",
}  # fmt: skip
MAN_PAGE = "share/man/man1/lossscan.1"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


def _in_wheel(built: Path) -> set[str]:
    return set(zipfile.ZipFile(next(built.glob("*.whl"))).namelist())


def _metadata(built: Path) -> Message:
    wheel = zipfile.ZipFile(next(built.glob("*.whl")))
    (name,) = (name for name in wheel.namelist() if name.endswith("METADATA"))
    return email.message_from_bytes(wheel.read(name))


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project


def test_the_wheel_holds_every_file_of_the_package(built: Path) -> None:
    """Modules, pages of rules, templates, scripts with their license, the mark of types."""
    ours = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "lossscan").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    held = {name for name in _in_wheel(built) if ".dist-info/" not in name}
    beside = {name for name in held if ".data/data/" in name}
    assert held - beside == ours
    assert [name.partition(".data/data/")[2] for name in beside] == [MAN_PAGE]
    assert {Path(name).suffix for name in held} >= {".yaml", ".j2", ".js", ".css", ".typed"}
    assert "lossscan/reporters/html/assets/vendor/uPlot.LICENSE" in held


def test_the_sdist_holds_only_what_builds_it(built: Path) -> None:
    """No tests, samples or pages but the man page, whatever folder has a name like ours."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = sdist.getnames()
    assert {Path(name).parts[1] for name in names} <= OF_SDIST
    assert [name.partition("/docs/")[2] for name in names if "/docs/" in name] == ["man/lossscan.1"]
    assert f"lossscan-{__version__}/lossscan/words/rules/loss-jump.yaml" in names


def test_links_of_the_index_page_lead_somewhere(built: Path) -> None:
    """A page on an index knows no folders: each link is whole, and names a page that exists."""
    text = _metadata(built).get_payload()
    links = re.findall(r"\]\(([^)]+)\)", str(text))
    assert len(links) > 3
    for link in links:
        assert link.startswith(__homepage__)
        name = link.removeprefix(__homepage__).rstrip("/")
        pages = (ROOT / name, ROOT / f"{name}.md", ROOT / name / "README.md")
        assert any(each.is_file() for each in pages)


def test_one_place_holds_the_address(built: Path) -> None:
    """The metadata takes it from the package; nothing that is tracked repeats it."""
    urls = _metadata(built).get_all("Project-URL", [])
    assert {url.partition(", ")[2].startswith(__homepage__) for url in urls} == {True}
    written = [ROOT / "pyproject.toml", ROOT / "mkdocs.yml", *ROOT.glob("*.md")]
    assert not [page.name for page in written if __homepage__ in page.read_text("utf-8")]


def test_the_base_install_stays_small() -> None:
    """Some 110 MB beside pip: what brings 150 MB more, for no other verdict, is an extra."""
    needed = {re.split(r"[^\w-]", each)[0] for each in _project()["dependencies"]}
    assert not needed & {"matplotlib", "pandas", "pyarrow", "ruptures", "scipy"}


def test_all_is_every_extra_but_that_of_developers(built: Path) -> None:
    """`lossscan[all]` leaves no ability out."""
    extras = _project()["optional-dependencies"]
    (everything,) = extras["all"]
    named = set(everything.removeprefix("lossscan[").rstrip("]").split(","))
    assert named == set(extras) - {"all", "dev"}
    assert set(_metadata(built).get_all("Provides-Extra", [])) == set(extras)
