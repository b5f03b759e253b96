"""Booking within another site, as its documentation says: a site of its own, a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.browser import visitor
from tests.acceptance.other_site import other_site
from tests.acceptance.server import run, serve
from tests.acceptance.site import new_database
from tests.acceptance.test_browser import PASSWORD, Place, hours
from tests.conftest import ENGINES

DOCUMENT = (Path(__file__).parents[2] / "docs" / "embedding.md").read_text(encoding="utf-8")
_HEAD = "<!doctype html><title>x</title><link rel='icon' href='data:,'>"
_LISTEN = """window.ready = 0;
addEventListener('linkReady', () => { window.ready++; });
addEventListener('bookingSuccessfulV2', event => { window.heard = event.detail; });"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def other(pages: Path) -> Iterator[str]:
    with other_site(pages) as address:
        yield address


@pytest.fixture(scope="module", params=ENGINES)
def place(request: pytest.FixtureRequest, other: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("embedding")
    with made(folder, new_database(request, request.param, folder), other) as place:
        yield place


@contextmanager
def made(folder: Path, database: str, other: str, *settings: str) -> Iterator[Place]:
    """A server that can be booked on and that ``other`` may show; ``settings``: further lines of ``[booking]``."""
    config = folder / "booking.ini"
    config.write_text("\n".join(["[storage]", f"database = {database}", "[booking]", f"data_folder = {folder / 'data'}",
                                 *settings, "[page]", f"embed_origins = {other}", ""]), encoding="utf-8")
    for command in (["user", "add", "ada", "--email", "ada@example.org", "--timezone", "Europe/Berlin",
                     "--password-stdin", "--host"],
                    ["event-type", "add", "ada", "first-talk", "--duration", "30"]):
        assert run(config, *command, stdin=PASSWORD + "\n").returncode == 0
    with serve(config) as running:
        made = Place(running.url, config)
        made.calendar("PUT", "/ada/bookable/hours.ics", hours(datetime.now(UTC)))
        yield made


def snippets(place: Place) -> dict[str, str]:
    """What the documentation tells to copy, for this server."""
    code = re.findall(r"(?:^    .*\n)+", DOCUMENT, flags=re.MULTILINE)
    texts = [re.sub("^    ", "", block, flags=re.MULTILINE).replace("https://calendar.example.org", place.url)
             for block in code]
    return {"script": texts[0], "inline": texts[1], "popup": texts[2], "float": texts[3]}


def test_inline_from_another_site(browser: Browser, place: Place, other: str, pages: Path) -> None:
    found = snippets(place)
    day = datetime.now(UTC).date() + timedelta(days=3)
    inline = found["inline"].replace("<div ", f'<div data-prefill-day="{day}" data-prefill-lang="de" '
                                              'data-prefill-name="Grace" data-prefill-email="grace@example.org" ')
    (pages / "inline.html").write_text(f"{_HEAD}<script>{_LISTEN}</script>{found['script']}{inline}", encoding="utf-8")
    with visitor(browser) as (page, complaints):
        page.goto(f"{other}/inline.html")
        frame = page.frame_locator("iframe")
        frame.locator("#times li a").last.click()
        expect(frame.locator("h2", has_text="Ihre Angaben")).to_be_visible()
        expect(frame.locator("#name")).to_have_value("Grace")
        expect(frame.locator("#email")).to_have_value("grace@example.org")
        frame.locator("main button.button").click()
        expect(frame.locator("h1")).to_have_text("Ihr Termin ist gebucht")
        page.wait_for_function("window.heard")
        # The page that the link leads to may be shown within no other.
        with page.context.expect_page() as opened:
            frame.locator(".notice a").click()
        expect(opened.value.locator("h1")).to_have_text("Your booking")
        heard = page.evaluate("window.heard")
        # One of each page: the times, the form, the booking.
        assert page.evaluate("window.ready") == 3
        [booked] = [entry for entry in place.reservations() if entry["uid"] == heard["uid"]]
        assert booked["start"][:10] == heard["startTime"][:10] == str(day)
        fits(page)
        assert complaints == []


def fits(page: Page) -> float:
    """Wait until the frame is as high as what is in it; how high that is, in pixels."""
    inner = page.frame_locator("iframe").locator("body").evaluate("body => body.getBoundingClientRect().height")
    page.wait_for_function("""inner => {
        const { height } = document.querySelector("iframe").getBoundingClientRect();
        return Math.abs(height - inner) <= 2;
    }""", arg=inner)
    return float(inner)


def test_a_frame_grows_and_shrinks(browser: Browser, place: Place, other: str, pages: Path) -> None:
    found = snippets(place)
    (pages / "height.html").write_text(f"{_HEAD}{found['script']}{found['inline'].replace('first-talk', 'unknown')}",
                                       encoding="utf-8")
    with visitor(browser, width=360) as (page, _):
        page.goto(f"{other}/height.html")
        frame = page.frame_locator("iframe")
        expect(frame.locator("h1")).to_be_visible()
        low = fits(page)
        frame.get_by_role("link", name="What you can book").click()
        frame.get_by_role("link", name="First talk").click()
        expect(frame.locator("#times")).to_be_visible()
        # It begins with 40rem.
        assert low < 640 < fits(page)


@pytest.mark.parametrize("kind", ["popup", "float"])
def test_a_window_above_the_page(browser: Browser, place: Place, other: str, pages: Path, kind: str) -> None:
    found = snippets(place)
    body = found["float"] if kind == "float" else found["script"] + found["popup"]
    # The page around says its language, or the visitor's browser does.
    german, close, title = (True, "Schließen", "Book a time") if kind == "popup" else (False, "Close", "Booking")
    head = _HEAD.replace("<title>", "<html lang=de-AT><title>") if german else _HEAD
    (pages / f"{kind}.html").write_text(head + body, encoding="utf-8")
    with visitor(browser) as (page, complaints):
        page.goto(f"{other}/{kind}.html")
        button = page.get_by_role("button", name="Book a time")
        button.click()
        free = page.frame_locator("dialog iframe").locator("#times li a").first
        expect(free).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_accessible_name(title)
        page.get_by_role("button", name=close).click()
        expect(page.locator("dialog")).to_have_count(0)
        button.press("Enter")
        free.focus()
        # The site around hears no key that is pressed within the frame.
        free.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)
        expect(button).to_be_focused()
        assert complaints == []


@pytest.mark.parametrize("engine", ENGINES)
def test_the_form_gets_its_cookie_within_a_site_of_another_name(
        request: pytest.FixtureRequest, browser: Browser, other: str, pages: Path, tmp_path: Path, engine: str) -> None:
    """``localhost`` is another site than 127.0.0.1, and one that may set cookies for https without it."""
    database = new_database(request, engine, tmp_path)
    with (made(tmp_path, database, other, "public_url = https://localhost") as place,
          visitor(browser) as (page, complaints)):
        place.url = place.url.replace("127.0.0.1", "localhost")
        found = snippets(place)
        (pages / "far.html").write_text(f"{_HEAD}{found['script']}{found['inline']}", encoding="utf-8")
        page.goto(f"{other}/far.html")
        frame = page.frame_locator("iframe")
        frame.locator("#times li a").last.click()
        frame.locator("#name").fill("Grace")
        frame.locator("#email").fill("grace@example.org")
        [cookie] = page.context.cookies()
        assert (cookie["domain"], cookie["sameSite"], cookie["secure"]) == ("localhost", "None", True)
        assert "127.0.0.1" in cookie["partitionKey"]
        frame.locator("main button.button").click()
        expect(frame.locator("h1")).to_have_text("You are booked")
        assert complaints == []


def test_a_form_is_sent_where_the_browser_keeps_no_cookie_of_a_third_party(browser: Browser, place: Place, other: str,
                                                                           pages: Path) -> None:
    """By http it cannot be partitioned; that of https is not kept by Safari before 18.4 either."""
    found = snippets(Place(place.url.replace("127.0.0.1", "localhost"), place.config))
    (pages / "cookieless.html").write_text(f"{_HEAD}{found['script']}{found['inline']}", encoding="utf-8")
    with visitor(browser) as (page, complaints):
        page.goto(f"{other}/cookieless.html")
        frame = page.frame_locator("iframe")
        frame.locator("#times li a").last.click()
        frame.locator("#name").fill("Grace")
        frame.locator("#email").fill("grace@example.org")
        assert page.context.cookies() == []
        frame.locator("main button.button").click()
        expect(frame.locator("h1")).to_have_text("You are booked")
        assert complaints == []


def test_no_other_site_may(browser: Browser, place: Place, tmp_path: Path) -> None:
    found = snippets(place)
    (tmp_path / "index.html").write_text(f"{_HEAD}{found['script']}{found['inline']}", encoding="utf-8")
    with other_site(tmp_path) as stranger, visitor(browser) as (page, _):
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            page.goto(f"{stranger}/index.html")
        expect(page.locator("iframe")).to_be_visible()
        assert page.frame_locator("iframe").locator("#times").count() == 0


def test_the_demo_page(browser: Browser, place: Place) -> None:
    with visitor(browser) as (page, complaints):
        page.goto(f"{place.url}/host/embed/?page=ada/first-talk")
        expect(page.frame_locator("[data-booking] iframe").locator("#times li a").first).to_be_visible()
        for way, copied in zip(("-float", "-popup", ""), page.locator("pre").all_inner_texts(), strict=True):
            assert f'data-booking{way}="ada/first-talk"' in copied
        assert complaints == []
