"""A real Firefox without a screen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from tests.acceptance.marionette import Marionette, Refused, program

_PREFERENCES = {"intl.accept_languages": "en-GB", "network.proxy.type": 1}
_ASK = """Services.prefs.setCharPref("network.proxy.http", arguments[0]);
Services.prefs.setIntPref("network.proxy.http_port", arguments[1]);"""
_PATIENCE_SECONDS = 30.0


class Firefox:
    """What a person sees and does in a running Firefox: one page, or the frame in it that was entered."""

    def __init__(self, marionette: Marionette) -> None:
        self._command = marionette

    def ask(self, proxy: str) -> None:
        """From now on ask ``proxy`` (``http://HOST:PORT``) for all but what is on this machine."""
        address = urlsplit(proxy)
        self._command("Marionette:SetContext", value="chrome")
        self.run(_ASK, address.hostname, address.port)
        self._command("Marionette:SetContext", value="content")

    def goto(self, url: str) -> None:
        self._command("WebDriver:Navigate", url=url)

    def click(self, selector: str) -> None:
        self._command("WebDriver:ElementClick", id=self._reference(selector))

    def type(self, selector: str, text: str) -> None:
        self._command("WebDriver:ElementSendKeys", id=self._reference(selector), text=text)

    def enter(self, selector: str) -> None:
        """Go on within a frame."""
        self._command("WebDriver:SwitchToFrame", element=self._reference(selector))

    def leave(self) -> None:
        """Go on in the page around the frames."""
        self._command("WebDriver:SwitchToFrame", id=None)

    def wait_for(self, selector: str, text: str = "") -> None:
        """Until an element has ``text`` in it."""
        self.until("[...document.querySelectorAll(arguments[0])].some(e => e.textContent.includes(arguments[1]))",
                   selector, text)

    def until(self, expression: str, *arguments: Any) -> Any:
        """What ``expression`` is, once that is true."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            # A page that goes while it is asked says nothing.
            with suppress(Refused):
                if value := self._said(expression, *arguments):
                    return value
            assert time.monotonic() < deadline, (expression, arguments, self._said("document.body.innerText"))
            time.sleep(0.05)

    def run(self, script: str, *arguments: Any) -> None:
        """Let the page do what it offers no element to click for."""
        self._command("WebDriver:ExecuteScript", script=script, args=list(arguments))

    def _said(self, expression: str, *arguments: Any) -> Any:
        return self._command("WebDriver:ExecuteScript", script=f"return {expression}", args=list(arguments))

    def _reference(self, selector: str) -> str:
        self.wait_for(selector)
        found = self._command("WebDriver:FindElement", using="css selector", value=selector)
        return str(next(iter(found.values())))


@contextmanager
def firefox() -> Iterator[Firefox]:
    """A Firefox with a new profile; where there is none the test is skipped, or fails under …_REQUIRE_ALL."""
    with program("firefox-esr", "firefox-esr", _PREFERENCES) as marionette:
        yield Firefox(marionette)
