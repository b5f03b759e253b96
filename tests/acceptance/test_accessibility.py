"""Every page in every state is examined by axe-core (https://github.com/dequelabs/axe-core): WCAG 2.2 AA."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.browser import visitor
from tests.acceptance.server import run
from tests.acceptance.test_browser import Place, browser, choose_a_time, place  # noqa: F401 - fixtures

# ruff: noqa: F811

_RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
                                                "best-practice"]}}
_LOOKS = [("en-GB", False), ("en-GB", True), ("ar", False)]


def assert_accessible(page: Page) -> None:
    found = Axe().run(page, options=_RULES).response
    violations = [(one["id"], one["help"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
    assert violations == []
    assert len(found["passes"]) > 10


@pytest.fixture(params=_LOOKS, ids=lambda look: f"{look[0]}-{'dark' if look[1] else 'light'}")
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    language, dark = request.param
    with visitor(browser, language=language, dark=dark) as (page, complaints):
        yield page
        assert [text for text in complaints if "status of 4" not in text] == []


def test_pages_before_the_booking(page: Page, place: Place) -> None:
    day = datetime.now(UTC).date() + timedelta(days=3)
    for path in ("", "first-talk/", "first-talk/?view=week", f"first-talk/?day={day}&clock=24",
                 "first-talk/?start=2020-01-01T00:00:00Z", "nothing/"):
        page.goto(f"{place.url}/book/ada/{path}")
        assert_accessible(page)
    for path in ("/booking/nonsense/", "/host/setup/", "/host/setup/?user=ada", "/book/nobody/"):
        page.goto(place.url + path)
        assert_accessible(page)


def test_pages_of_a_booking(page: Page, place: Place, request: pytest.FixtureRequest) -> None:
    name = f"Axe {request.node.name}"
    page.goto(f"{place.url}/book/ada/first-talk/?day={datetime.now(UTC).date() + timedelta(days=4)}")
    expect(page.locator("#tz")).to_have_value("Europe/Berlin")
    page.locator("#times li a").last.click()
    assert_accessible(page)
    form = page.url
    page.locator("#name").fill(name)
    page.locator("#email").evaluate("field => field.type = 'text'")
    page.locator("#email").fill("nonsense")
    page.locator("main button.button").click()
    assert page.locator("[aria-invalid=true]").count() >= 1
    assert_accessible(page)
    page.locator("#email").fill(f"{re.sub('[^a-z]', '', name.lower())}@example.org")
    page.locator("main button.button").click()
    expect(page.locator(".badge.good")).to_be_visible()
    assert_accessible(page)
    page.locator(".notice a").click()
    page.locator("details.cancel summary").click()
    assert_accessible(page)
    manage = page.url
    page.goto(form)
    assert_accessible(page)
    page.goto(manage)
    page.locator("details.cancel summary").click()
    page.locator("button.danger").click()
    expect(page.locator(".badge.over")).to_be_visible()
    assert_accessible(page)


def test_a_booking_that_waits(page: Page, place: Place, request: pytest.FixtureRequest) -> None:
    slug = f"ask-{abs(hash(request.node.name)) % 10_000}"
    made = run(place.config, "event-type", "add", "ada", slug, "--duration", "30", "--confirmation", "--seats", "3",
               "--question", "choice! Language = en | de", "--question", "checkbox I have read it")
    assert made.returncode == 0, made.stderr
    page.goto(f"{place.url}/book/ada/{slug}/?day={datetime.now(UTC).date() + timedelta(days=5)}")
    assert page.locator("#times small").count() > 0
    assert_accessible(page)
    expect(page.locator("#tz")).to_have_value("Europe/Berlin")
    page.locator("#times li a").first.click()
    assert_accessible(page)


@pytest.mark.parametrize("key", ["week", "month"])
def test_times_change_in_place(browser: Browser, place: Place, key: str) -> None:
    with visitor(browser) as (page, complaints):
        page.goto(f"{place.url}/book/ada/first-talk/" + ("?view=week" if key == "week" else ""))
        expect(page.locator("#tz")).to_have_value("Europe/Berlin")
        page.evaluate("window.kept = true")
        page.locator("a[rel=next]").click()
        expect(page.locator("a[rel=prev]")).to_be_visible()
        expect(page.locator("#month-title")).to_be_focused()
        assert page.evaluate("window.kept") is True
        assert "day=" in page.url or "month=" in page.url
        if key == "month":
            page.locator("td a").last.click()
            expect(page.locator("#times-title")).to_be_focused()
            assert page.evaluate("window.kept") is True
            assert "day=" in page.url
        page.locator(".views a").nth(0 if key == "week" else 1).click()
        expect(page.locator(".views [aria-current]")).to_have_text("Month" if key == "week" else "Week")
        page.go_back()
        expect(page.locator(".views [aria-current]")).to_have_text("Week" if key == "week" else "Month")
        assert page.evaluate("window.kept") is True
        assert complaints == []
