"""What is translated says the same: the same blocks in the same order, the same commands, pictures and links."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from markdown import markdown

CHECKOUT = Path(__file__).parents[1]
DOCS = CHECKOUT / "docs"
LANGUAGES = ["fr"]
PAGES = [page for language in LANGUAGES for page in sorted((DOCS / language).rglob("*.md")) if page.name != "README.md"]
_WITHIN_TEXT = ("em", "strong", "code")
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())


def original(page: Path) -> Path:
    return DOCS / Path(*page.relative_to(DOCS).parts[1:])


class Shape(HTMLParser):
    """A page without its words: its blocks, and what it links to or shows, in order; its commands; words of code."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self.targets: list[Path] = []
        self.commands: list[str] = []
        self.codes: Counter[str] = Counter()
        self._page = page
        self._within: list[str] = []
        self.feed(markdown(page.read_text(encoding="utf-8"), extensions=["tables", "fenced_code"]))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within.append(tag)
        if tag not in _WITHIN_TEXT:
            self.blocks.append(tag)
        for name, value in attrs:
            if name in ("href", "src") and value:
                found = (self._page.parent / value).resolve()
                self.targets.append(original(found) if found in PAGES else found)

    def handle_endtag(self, tag: str) -> None:
        while self._within.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "pre" in self._within:
            self.commands.append(data)
        elif "code" in self._within:
            self.codes[data] += 1


def test_what_is_to_be_translated_is() -> None:
    assert {page.relative_to(DOCS).as_posix() for page in PAGES} >= {
        "fr/staff.md", "fr/invitees.md", "fr/start/sysadmins.md"}
    for page in PAGES:
        language, *rest = page.relative_to(DOCS).parts
        assert f"]({'/'.join(rest)})" in (DOCS / language / "README.md").read_text(encoding="utf-8")


@each_page
def test_a_translation_is_built_like_the_original(page: Path) -> None:
    ours, theirs = Shape(page), Shape(original(page))
    assert len(theirs.blocks) > 10
    assert ours.blocks == theirs.blocks
    assert ours.targets == theirs.targets


@each_page
def test_a_translation_has_the_same_commands(page: Path) -> None:
    ours, theirs = Shape(page), Shape(original(page))
    assert theirs.codes
    assert ours.commands == theirs.commands
    assert ours.codes == theirs.codes


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_our_pages_are_those_that_the_reader_sees(language: str) -> None:
    folder = CHECKOUT / "radicale_booking" / "web" / "translations" / language / "LC_MESSAGES"
    with (folder / "messages.po").open("rb") as file:
        seen = {message.id: message.string for message in read_po(file)}
    text = (DOCS / language / "invitees.md").read_text(encoding="utf-8")
    words = re.findall(r"(?:\*\*|^\| )([^*|]+?)(?:\*\*| \|)", original(DOCS / language / "invitees.md").read_text(
        encoding="utf-8"), flags=re.MULTILINE)
    named = [word for word in words if word in seen]
    assert len(named) >= 5
    for word in named:
        assert re.search(rf"(\*\*|^\| ){re.escape(seen[word])}(\*\*| \|)", text, flags=re.MULTILINE), word
