"""A real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

#: A machine with much to do needs longer; whoever waits for what comes does not wait so long.
_PATIENCE_MS = 30_000
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
              "--disable-component-update", "--disable-sync"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running Chromium; where there is none the test is skipped, or fails under RADICALE_BOOKING_REQUIRE_ALL."""
    executable = next(filter(None, map(shutil.which, _NAMES)), None)
    if executable is None:
        message = "no Chromium found; install one, on Debian as root: apt-get install chromium"
        if os.environ.get("RADICALE_BOOKING_REQUIRE_ALL"):
            pytest.fail(message)
        pytest.skip(message)
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visitor(browser: Browser, *, script: bool = True, zone: str = "Europe/Berlin", language: str = "en-GB",
            width: int = 1280, height: int = 844, dark: bool = False,
            proxy: str = "") -> Iterator[tuple[Page, list[str]]]:
    """A page of a person who was never here, and the list of what the browser complains about on it.

    ``proxy``: whom it asks, whatever the address.
    """
    context: BrowserContext = browser.new_context(
        java_script_enabled=script, timezone_id=zone, locale=language, viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light", proxy={"server": proxy} if proxy else None)
    context.set_default_timeout(_PATIENCE_MS)
    try:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page, complaints
    finally:
        context.close()
