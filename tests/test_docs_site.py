"""The documentation builds as a site of its own: nothing missing, nothing broken, nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
DOCS = CHECKOUT / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder], cwd=CHECKOUT,
                           env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder


def page_of(document: Path) -> str:
    name = document.relative_to(DOCS).with_suffix(".html").as_posix()
    return re.sub(r"\bREADME\.html$", "index.html", name)


def test_every_document_is_a_page_that_the_navigation_leads_to(site: Path) -> None:
    navigation = (site / "index.html").read_text(encoding="utf-8").partition('class="md-content"')[0]
    targets = set(re.findall(r'href="([^"#]+)" class="md-nav__link', navigation))
    pages = {page_of(document) for document in DOCS.rglob("*.md")}
    assert len(pages) > 10
    assert targets == pages
    for page in pages:
        assert (site / page).is_file(), page


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|iframe)[^>]*\ssrc=\"?([^\" >]+)", text)
        loaded += re.findall(r"<link[^>]*rel=\"?stylesheet[^>]*href=\"?([^\" >]+)", text)
        assert loaded
        assert not [address for address in loaded if re.match(r"(https?:)?//", address)], page


def test_tables_and_lists_are_such_here_too(site: Path) -> None:
    for page in site.rglob("*.html"):
        article = page.read_text(encoding="utf-8").partition("<article")[2]
        prose = re.sub(r"<pre>.*?</pre>", "", article, flags=re.DOTALL)
        assert not re.search(r"^(<p>)?(\||- |\d+\. )", prose, flags=re.MULTILINE), page
    steps = (site / "invitees.html").read_text(encoding="utf-8").partition("<article")[2].partition("</ol>")[0]
    assert steps.count("<li>") == 4
