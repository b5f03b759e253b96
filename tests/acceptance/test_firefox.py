"""A person books with Firefox, which protects from being followed: a real one, without a screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from radicale_booking.page_settings import PageSettings
from tests.acceptance.firefox import Firefox, firefox
from tests.acceptance.other_site import other_site
from tests.acceptance.site import new_database
from tests.acceptance.stage import SITE, Stage, stage
from tests.conftest import ENGINES

_CHOOSE_ZONE = """const zones = document.querySelector("#tz");
zones.value = arguments[0];
zones.dispatchEvent(new Event("change", { bubbles: true }));"""
_IN_OWN_ZONE = "document.querySelector('#tz')?.value === Intl.DateTimeFormat().resolvedOptions().timeZone"


@dataclass(frozen=True)
class Desk:
    """A person with a Firefox, and the server."""

    stage: Stage
    browser: Firefox


@pytest.fixture(scope="module")
def browser() -> Iterator[Firefox]:
    with firefox() as browser:
        yield browser


@pytest.fixture(scope="module", params=ENGINES)
def desk(request: pytest.FixtureRequest, browser: Firefox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("site")
    with stage(folder, new_database(request, request.param, folder)) as site:
        browser.ask(site.proxy)
        yield Desk(site, browser)


def fill_in(browser: Firefox) -> None:
    browser.type("#name", "Grace Hopper")
    browser.type("#email", "grace@example.org")
    browser.click("main form button.button")


def test_booking_moving_and_cancelling(desk: Desk) -> None:
    browser = desk.browser
    browser.goto(f"{SITE}/book/ada/")
    browser.click("main a[href*=first-talk]")
    browser.until(_IN_OWN_ZONE)
    browser.click("a[rel=next]")
    browser.wait_for("#month-title", "December")
    browser.run(_CHOOSE_ZONE, "Asia/Tokyo")
    # 09:00 in Berlin.
    browser.wait_for("#times li:first-child", "17:00")
    browser.click("#times li:first-child a")
    fill_in(browser)
    browser.wait_for("h1", "You are booked")
    browser.wait_for("dl", "Asia/Tokyo")
    browser.click(".notice a")
    browser.wait_for("h1", "Your booking")
    browser.click("a[href*='move=']")
    browser.click("#times li:last-child a")
    browser.click("main form button.button")
    browser.wait_for("h1", "Your booking")
    browser.wait_for("dl", "November")
    browser.wait_for("dl", "Asia/Tokyo")
    browser.click(".cancel summary")
    browser.type("#reason", "A cold")
    browser.click("button.danger")
    browser.wait_for("h1", "This booking is cancelled")


def test_booking_within_another_site(desk: Desk, tmp_path: Path) -> None:
    """Which keeps the cookie of ours from the form."""
    server = desk.stage.proxy.replace("127.0.0.1", "localhost")
    (tmp_path / "index.html").write_text(
        f"<!doctype html><title>x</title><script src='{server}/embed.js' defer></script>"
        "<script>addEventListener('bookingSuccessfulV2', event => { window.heard = event.detail.uid })</script>"
        "<button data-booking-popup='ada/first-talk'>Book a time</button>", encoding="utf-8")
    browser = desk.browser
    with other_site(tmp_path) as other, desk.stage.settings(page=PageSettings(embed_origins=(other,))):
        browser.goto(f"{other}/index.html")
        browser.click("button")
        browser.enter("dialog iframe")
        browser.until(_IN_OWN_ZONE)
        browser.click("#times li:last-child a")
        fill_in(browser)
        browser.wait_for("h1", "You are booked")
        browser.leave()
        heard = browser.until("window.heard")
    with desk.stage.app.store.read() as uow:
        booked = uow.reservations.get_by_uid(heard)
    assert booked is not None
    assert booked.invitee_name == "Grace Hopper"
