"""Every page in every state, in a real browser: accessible (axe-core, WCAG 2.2 AA), within its width, and at peace with
its own Content-Security-Policy."""

from __future__ import annotations

import gzip
import re
import urllib.request
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from radicale_booking.guard_settings import GuardSettings
from radicale_booking.services import booking
from tests.acceptance.browser import visitor
from tests.acceptance.site import new_database
from tests.acceptance.stage import SITE, Stage, stage
from tests.acceptance.states import STATES
from tests.conftest import ENGINES

_RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
                                                "best-practice"]},
          # Of what passes the rule is enough: every element of it would have to be carried out of the browser.
          "resultTypes": ["violations"]}
#: Database, language, width, dark: every state is seen on both databases, whose answers are the same for every look.
_LOOKS = {"desk": ("sqlite", "en-GB", 1280, False), "arabic phone in the dark": ("postgres", "ar", 360, True)}
_FIRST_VIEW_OCTETS = 30 * 1024


@pytest.fixture(scope="module", params=ENGINES)
def site(request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory,
         ) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with stage(folder, new_database(request, request.param, folder)) as site:
        yield site


@pytest.mark.parametrize(("site", "language", "width", "dark"), _LOOKS.values(), ids=_LOOKS, indirect=["site"])
@pytest.mark.parametrize("state", STATES)
def test_state(browser: Browser, site: Stage, state: str, language: str, width: int, dark: bool) -> None:
    with visitor(browser, language=language, width=width, dark=dark, proxy=site.proxy) as (page, complaints):
        foreign: list[str] = []
        page.on("request", lambda request: foreign.append(request.url) if not request.url.startswith(SITE) else None)
        STATES[state](page, site)
        found = Axe().run(page, options=_RULES).response
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
        assert len(found["passes"]) > 10
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert too_small(page) == []
        assert [text for text in complaints if not re.search("status of (4|503)", text)] == []
        assert foreign == []


def too_small(page: Page) -> list[str]:
    """What can be clicked and is too small for a finger; a tick counts with its label."""
    found: list[str] = page.evaluate("""() => [
        ...document.querySelectorAll("a, button, select, input, textarea, summary")]
        .filter(e => e.type !== "hidden" && e.checkVisibility() && !e.closest("[aria-hidden], .skip, dd, .text"))
        .map(e => e.closest("label.tick") ?? e)
        .filter(e => { const box = e.getBoundingClientRect(); return box.height < 43.5 || box.width < 36; })
        .map(e => e.outerHTML)""")
    return [re.sub(r"\s+", " ", element) for element in found]


@pytest.mark.parametrize("path", ["/book/ada/", "/book/ada/first-talk/", "/book/ada/first-talk/?view=week",
                                  "/book/ada/workshop/"])
def test_the_first_view_is_small_and_needs_no_cookie(browser: Browser, site: Stage, path: str) -> None:
    """All that a browser loads for it, as it comes over the wire."""
    asked: list[str] = []
    with visitor(browser, proxy=site.proxy) as (page, complaints):
        page.on("request", lambda request: asked.append(request.url))
        page.goto(SITE + path)
        page.wait_for_load_state("networkidle")
        assert page.context.cookies() == []
        assert complaints == []
    sizes = {url: len(_fetch(site, url)) for url in asked}
    assert len(sizes) >= 2
    assert sum(sizes.values()) <= _FIRST_VIEW_OCTETS, sizes


def test_what_is_cached_has_a_name_of_its_own(site: Stage) -> None:
    page = gzip.decompress(_fetch(site, f"{SITE}/book/ada/first-talk/")).decode()
    assets = re.findall(r'(?:href|src)="(/book/static/[^"]+)"', page)
    assert len(assets) >= 4
    for asset in assets:
        assert re.search(r"\?v=[0-9a-f]{8}$", asset)
        with _open(site, SITE + asset) as answer:
            assert "max-age=31536000" in answer.headers["Cache-Control"]
            assert "immutable" in answer.headers["Cache-Control"]


def test_a_booking_that_costs_computing(browser: Browser, site: Stage) -> None:
    with site.settings(guard=GuardSettings(bookings_per_address=0, proof_of_work=50_000)), \
            visitor(browser, proxy=site.proxy) as (page, complaints):
        page.goto(f"{SITE}/book/ada/first-talk/")
        page.locator("#times li a").last.click()
        page.get_by_label("Your name").fill("Work Er")
        page.get_by_label("E-mail").fill("worker@example.org")
        # At once: the browser waits for the solution itself.
        page.get_by_role("button", name="Book this time").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are booked")
        assert complaints == []
    assert [one for one in booking.reservations(site.app, "ada") if one.invitee_name == "Work Er"]


def test_no_javascript_and_proof_of_work(browser: Browser, site: Stage) -> None:
    with site.settings(guard=GuardSettings(bookings_per_address=0, proof_of_work=50_000)), \
            visitor(browser, script=False, proxy=site.proxy) as (page, _):
        page.goto(f"{SITE}/book/ada/first-talk/")
        page.locator("#times li a").last.click()
        # Chromium shows it only when scripts are switched off before it starts.
        assert "This form needs JavaScript" in (page.locator("noscript").text_content() or "")
        page.get_by_label("Your name").fill("Nobody")
        page.get_by_label("E-mail").fill("nobody@example.org")
        page.get_by_role("button", name="Book this time").click()
        expect(page.get_by_role("alert")).to_contain_text("has not proven yet")


def _open(site: Stage, url: str) -> urllib.request.addinfourl:
    request = urllib.request.Request(site.proxy + url.removeprefix(SITE), headers={"Accept-Encoding": "gzip"})
    answer: urllib.request.addinfourl = urllib.request.urlopen(request, timeout=30)
    return answer


def _fetch(site: Stage, url: str) -> bytes:
    with _open(site, url) as answer:
        return answer.read()

