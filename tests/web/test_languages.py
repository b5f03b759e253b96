from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask.testing import FlaskClient

import radicale_booking.web
from radicale_booking.web.languages import LANGUAGES

WEB = Path(radicale_booking.web.__file__).parent
TRANSLATED = sorted(set(LANGUAGES) - {"en"})
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None}


def catalogue(language: str) -> Catalog:
    file = WEB / "translations" / language / "LC_MESSAGES" / "messages.po"
    return read_po(io.BytesIO(file.read_bytes()), locale=language)


def texts(messages: Catalog) -> list[tuple[str, str]]:
    """Every phrase with its translation, plurals as lists; the two file formats read them into different types."""
    return sorted(tuple(str(list(part) if isinstance(part, tuple) else part) for part in (message.id, message.string))
                  for message in messages if message.id)  # type: ignore[misc]


@pytest.fixture(scope="module")
def phrases() -> set[object]:
    """Every phrase in the sources."""
    found = extract_from_dir(WEB, [("**.py", "python"), ("templates/**.html", "jinja2")], keywords=KEYWORDS)
    return {message for _, _, message, _, _ in found}


def test_there_is_a_catalogue_for_each_language() -> None:
    assert sorted(path.name for path in (WEB / "translations").iterdir() if path.is_dir()) == TRANSLATED


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogue_is_complete_and_holds_nothing_else(language: str, phrases: set[object]) -> None:
    messages = [message for message in catalogue(language) if message.id]
    assert {message.id for message in messages} == phrases
    for message in messages:
        texts = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(texts), message.id
        assert not message.fuzzy
        assert not list(message.check(catalogue(language)))


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_are_kept(language: str) -> None:
    for message in catalogue(language):
        if message.id:
            first = message.id if isinstance(message.id, str) else message.id[0]
            texts = [message.string] if isinstance(message.string, str) else message.string
            for text in texts:
                assert sorted(re.findall(r"%\(\w+\)s", text)) == sorted(re.findall(r"%\(\w+\)s", first))


@pytest.mark.parametrize("language", TRANSLATED)
def test_compiled_catalogue_is_that_of_the_source(language: str) -> None:
    """If this fails: ``pybabel compile -d radicale_booking/web/translations``."""
    file = WEB / "translations" / language / "LC_MESSAGES" / "messages.mo"
    assert texts(read_mo(io.BytesIO(file.read_bytes()))) == texts(catalogue(language))


@pytest.mark.parametrize(("header", "query", "language", "time"), [
    ("", "", "en", "9:00"), ("de", "", "de", "09:00"), ("de-AT,en;q=0.5", "", "de", "09:00"),
    ("xx,ja,fr;q=0.3", "", "fr", "09:00"), ("en-GB", "", "en", "09:00"), ("en-US", "", "en", "9:00"),
    ("de", "lang=es", "es", "9:00"), ("de", "lang=zz", "de", "09:00"), ("*;q=x,!!", "", "en", "9:00"),
    ("fr-US", "", "fr", "09:00"), ("de-AT-u-ca-gregory", "", "de", "09:00"),
    ("en-GB", "lang=en", "en", "09:00"),
])
def test_language_and_region(client: FlaskClient, header: str, query: str, language: str, time: str) -> None:
    page = client.get(f"/book/ada/first-talk/?{query}", headers={"Accept-Language": header}).text
    assert f'<html lang="{language}" dir="ltr">' in page
    assert re.search(r'<time datetime="2026-11-24T08:00:00Z">([\d:]+)', page).group(1) == time  # type: ignore[union-attr]


def test_chosen_language_stays_chosen(client: FlaskClient) -> None:
    page = client.get("/book/ada/first-talk/?lang=fr&tz=Asia/Tokyo").text
    links = re.findall(r'href="(/book/ada/[^"]*)"', page.split("<footer>")[0])
    assert links
    assert all("lang=fr" in link and "tz=Asia" in link for link in links)


def test_week_begins_as_the_region_has_it(client: FlaskClient) -> None:
    def first(language: str) -> str:
        page = client.get("/book/ada/first-talk/", headers={"Accept-Language": language}).text
        return re.findall(r'<th scope="col" abbr="(\w+)"', page)[0]

    assert first("en-US") == "Sunday"
    assert first("en-GB") == "Monday"
    assert first("de") == "Montag"


@pytest.mark.parametrize("path", ["/book/ada/", "/book/ada/first-talk/", "/book/ada/first-talk/?view=week",
                                  "/book/ada/first-talk/?start=2026-11-24T08:00:00Z", "/book/nobody/", "/booking/x/"])
def test_every_page_names_its_language_and_direction(client: FlaskClient, path: str) -> None:
    """Negotiated as well as chosen, wherever whoever reads it lives; what is in other languages says in which."""
    for language in LANGUAGES:
        chosen = client.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
        negotiated = client.get(path, headers={"Accept-Language": f"{language}-AQ, en;q=0.1"})
        for page in (chosen.text, negotiated.text):
            assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page
            assert sorted(re.findall(r'lang="(\w+)" hreflang=', page)) == sorted(LANGUAGES)
            assert re.findall(r'lang="(\w+)" hreflang="\w+" aria-current', page) == [language]
        assert "Accept-Language" in negotiated.headers["Vary"]
