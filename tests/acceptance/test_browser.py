"""A person books with a browser: a real server process, a real socket, a real Chromium."""

from __future__ import annotations

import base64
import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.browser import visitor
from tests.acceptance.other_site import other_site
from tests.acceptance.server import run, serve
from tests.acceptance.site import new_database
from tests.conftest import ENGINES

PASSWORD = "correct horse"


@dataclass
class Place:
    """A server with the host ada, who can be booked every day."""

    url: str
    config: Path

    def calendar(self, method: str, path: str, body: str = "") -> str:
        """What a calendar program of ada gets."""
        credentials = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(self.url + path, body.encode() or None, method=method, headers={
            "Authorization": f"Basic {credentials}", "Content-Type": "text/calendar; charset=utf-8"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(answer.read().decode())

    def reservations(self) -> list[dict[str, Any]]:
        listed = run(self.config, "reservation", "list", "--json")
        assert listed.returncode == 0, listed.stderr
        found: list[dict[str, Any]] = json.loads(listed.stdout)
        return found


def hours(now: datetime) -> str:
    """A window on every day from yesterday on."""
    day = f"{now - timedelta(days=1):%Y%m%d}"
    return "\r\n".join([
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN", "BEGIN:VEVENT", "UID:hours", "SUMMARY:Bookable",
        f"DTSTAMP:{day}T000000Z", f"DTSTART:{day}T080000Z", f"DTEND:{day}T160000Z", "RRULE:FREQ=DAILY",
        "END:VEVENT", "END:VCALENDAR", ""])


@pytest.fixture(scope="module", params=ENGINES)
def place(request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory,
          ) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("browser")
    config = folder / "booking.ini"
    config.write_text(f"[storage]\ndatabase = {new_database(request, request.param, folder)}\n"
                      f"[booking]\ndata_folder = {folder / 'data'}\n")
    for command in (["user", "add", "ada", "--email", "ada@example.org", "--timezone", "Europe/Berlin",
                     "--password-stdin", "--host"],
                    ["event-type", "add", "ada", "First talk", "--duration", "30", "--location", "Room 4"]):
        done = run(config, *command, stdin=PASSWORD + "\n")
        assert done.returncode == 0, done.stderr
    with serve(config) as running:
        place = Place(running.url, config)
        place.calendar("PUT", "/ada/bookable/hours.ics", hours(datetime.now(UTC)))
        yield place


def choose_a_time(page: Page, place: Place, zone: str = "Europe/Berlin") -> str:
    """From the host's page to the form of the last time, in three days, that is still free; its instant."""
    page.goto(f"{place.url}/book/ada/")
    page.get_by_role("link", name="First talk").click()
    expect(page.locator("td .selected")).to_be_visible()
    # The page loads itself again in the zone of the visitor; nothing else is to be loaded before that.
    expect(page.locator("#tz")).to_have_value(zone)
    # Not today: its last times pass while the test runs.
    page.goto(f"{place.url}/book/ada/first-talk/?day={datetime.now(UTC).date() + timedelta(days=3)}")
    expect(page.locator("#tz")).to_have_value(zone)
    link = page.locator("#times li a").last
    start = link.locator("time").get_attribute("datetime")
    assert start is not None
    link.click()
    expect(page.get_by_role("heading", name="Your details")).to_be_visible()
    return start


@pytest.mark.parametrize(("script", "zone"), [(False, "Europe/Berlin"), (True, "America/New_York")],
                         ids=["without JavaScript", "with JavaScript"])
def test_booking_and_cancelling(browser: Browser, place: Place, script: bool, zone: str) -> None:
    name = f"Grace {'with' if script else 'without'} script"
    with visitor(browser, script=script, zone="America/New_York") as (page, complaints):
        start = choose_a_time(page, place, zone)
        # The zone is detected where a script may run, else it is the host's.
        assert page.locator("input[name=tz]").get_attribute("value") == zone
        page.get_by_label("Your name").fill(name)
        page.get_by_label("E-mail").fill("grace@example.org")
        page.get_by_label("Note").fill("See you")
        page.get_by_role("button", name="Book this time").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are booked")
        expect(page.locator("dl")).to_contain_text(zone)

        booked = [entry for entry in place.reservations() if name in json.dumps(entry)]
        assert len(booked) == 1
        assert "confirmed" in json.dumps(booked[0])
        assert datetime.fromisoformat(booked[0]["start"]) == datetime.fromisoformat(start)
        event = place.calendar("GET", "/ada/calendar/").replace("\r\n ", "")
        assert name in event
        assert start.replace("-", "").replace(":", "") in event

        with page.expect_download() as download:
            page.get_by_role("link", name="Add to calendar").click()
        assert "BEGIN:VEVENT" in download.value.path().read_text()

        page.get_by_role("link", name="Manage my booking").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your booking")
        page.get_by_text("Cancel this booking").click()
        page.get_by_label("Reason").fill("A cold")
        page.get_by_role("button", name="Cancel the booking").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")
        assert name not in place.calendar("GET", "/ada/calendar/")
        assert complaints == []


def test_a_time_taken_meanwhile(browser: Browser, place: Place) -> None:
    with visitor(browser) as (first, _), visitor(browser, language="de-DE") as (second, _):
        start = choose_a_time(first, place)
        second.goto(first.url)
        for page, name in ((first, "Quick"), (second, "Slow")):
            page.locator("#name").fill(name)
            page.locator("#email").fill(f"{name.lower()}@example.org")
        first.get_by_role("button", name="Book this time").click()
        expect(first.get_by_role("heading", level=1)).to_have_text("You are booked")
        second.get_by_role("button", name="Termin buchen").click()
        expect(second.get_by_role("heading", level=1)).to_have_text("Diese Zeit wurde gerade vergeben")
        alternatives = second.locator("main li time")
        expect(alternatives).to_have_count(5)
        assert start not in {alternatives.nth(index).get_attribute("datetime") for index in range(5)}
        alternatives.first.click()
        expect(second.get_by_role("heading", name="Ihre Angaben")).to_be_visible()


def test_after_a_booking_the_browser_goes_to_another_site(browser: Browser, place: Place, tmp_path: Path) -> None:
    """Which the policy of the page has to allow."""
    (tmp_path / "thanks.html").write_text("<!doctype html><title>Thanks</title><h1>Thank you</h1>", encoding="utf-8")
    with other_site(tmp_path) as other, visitor(browser) as (page, _):
        added = run(place.config, "event-type", "add", "ada", "order", "--duration", "30",
                    "--redirect-url", f"{other}/thanks.html")
        assert added.returncode == 0, added.stderr
        page.goto(f"{place.url}/book/ada/order/?day={datetime.now(UTC).date() + timedelta(days=4)}")
        page.locator("#times li a").first.click()
        page.get_by_label("Your name").fill("Grace")
        page.get_by_label("E-mail").fill("grace@example.org")
        page.get_by_role("button", name="Book this time").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
        assert page.url.startswith(f"{other}/thanks.html?uid=")


def test_the_keyboard_is_enough(browser: Browser, place: Place) -> None:
    with visitor(browser) as (page, _):
        choose_a_time(page, place)
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#content")).to_be_focused()
        page.locator("#name").focus()
        for text in ("Key Board", "key@example.org", "friend@example.org", "no mouse"):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Book this time")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("You are booked")


@pytest.mark.parametrize("path", ["", "first-talk/", "form"])
def test_fits_every_width_with_targets_large_enough(browser: Browser, place: Place, path: str) -> None:
    with visitor(browser) as (page, complaints):
        if path == "form":
            choose_a_time(page, place)
        else:
            page.goto(f"{place.url}/book/ada/{path}")
        for width in (320, 390, 768, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme="dark" if width == 390 else "light")
            page.reload()
            assert (width, page.evaluate("document.documentElement.scrollWidth <= innerWidth")) == (width, True)
            assert (width, too_small(page)) == (width, [])
        assert complaints == []


def too_small(page: Page) -> list[str]:
    """What can be clicked and is too small for a finger."""
    found: list[str] = page.evaluate("""() => [
        ...document.querySelectorAll("a:not(.skip), button, select, input, textarea")]
        .filter(e => e.type !== "hidden" && e.checkVisibility() && !e.closest("[aria-hidden]"))
        .map(e => [e.outerHTML, e.getBoundingClientRect()])
        .filter(([_, box]) => box.height < 43.5 || box.width < 36).map(([html, _]) => html)""")
    return [re.sub(r"\s+", " ", element) for element in found]
