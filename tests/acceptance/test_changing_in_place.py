"""Days, months, weeks and zones change in place."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.browser import visitor
from tests.acceptance.test_browser import Place, place  # noqa: F401 - fixture

# ruff: noqa: F811


@pytest.mark.parametrize("key", ["week", "month"])
def test_times_change_in_place(browser: Browser, place: Place, key: str) -> None:
    with visitor(browser) as (page, complaints):
        page.goto(f"{place.url}/book/ada/first-talk/" + ("?view=week" if key == "week" else ""))
        expect(page.locator("#tz")).to_have_value("Europe/Berlin")
        page.evaluate("window.kept = true")
        page.locator("a[rel=next]").click()
        expect(page.locator("a[rel=prev]")).to_be_visible()
        expect(page.locator("#month-title")).to_be_focused()
        expect(page).to_have_url(re.compile("day=|month="))
        assert page.evaluate("window.kept") is True
        if key == "month":
            page.locator("td a").last.click()
            expect(page.locator("#times-title")).to_be_focused()
            expect(page).to_have_url(re.compile("day="))
            assert page.evaluate("window.kept") is True
        page.locator(".views a").nth(0 if key == "week" else 1).click()
        expect(page.locator(".views [aria-current]")).to_have_text("Month" if key == "week" else "Week")
        page.go_back()
        expect(page.locator(".views [aria-current]")).to_have_text("Week" if key == "week" else "Month")
        assert page.evaluate("window.kept") is True
        assert complaints == []


def test_the_zone_changes_at_once(browser: Browser, place: Place) -> None:
    with visitor(browser) as (page, complaints):
        page.goto(f"{place.url}/book/ada/first-talk/")
        expect(page.locator("#tz")).to_have_value("Europe/Berlin")
        page.evaluate("window.kept = true")
        page.locator("#tz").select_option("Asia/Tokyo")
        expect(page.locator("form.zone")).to_have_attribute("data-zone", "Asia/Tokyo")
        expect(page.locator("#tz")).to_be_focused()
        expect(page).to_have_url(re.compile("tz=Asia%2FTokyo"))
        page.locator(".clock").click()
        expect(page.locator(".clock")).to_have_text("24-hour clock")
        expect(page.locator("#tz")).to_have_value("Asia/Tokyo")
        assert page.evaluate("window.kept") is True
        assert complaints == []
