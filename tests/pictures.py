"""The pictures in the documentation, drawn anew: ``make pictures``.

``python -m tests.pictures FOLDER [NAME...]`` draws every state of every page there instead, or the states and looks
that are named: on a phone, a desk and a wide screen, enlarged twofold, in the dark, in colours of high contrast, from
right to left and on paper.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from radicale_booking.services import mail
from tests.acceptance.browser import chromium, visitor
from tests.acceptance.stage import Stage, stage
from tests.acceptance.states import STATES

_IMAGES = Path(__file__).parents[1] / "docs" / "images"
_DESK, _PHONE = 1280, 390


@dataclass(frozen=True)
class Look:
    """Who looks: on a screen ``width`` pixels wide, in a language, in the dark, in colours of the system's own, or at
    what a printer prints."""

    width: int = _DESK
    language: str = "en-GB"
    dark: bool = False
    paper: bool = False
    contrast: bool = False
    height: int = 844


LOOKS = {"desk": Look(), "phone": Look(_PHONE), "wide": Look(1900), "dark": Look(dark=True),
         "phone-dark": Look(_PHONE, dark=True), "arabic": Look(language="ar"), "phone-arabic": Look(_PHONE, "ar"),
         "zoomed": Look(640, height=422), "contrast": Look(contrast=True), "paper": Look(794, paper=True)}
#: File -> the state that it shows, and how.
_PAGES = {
    "host-page": ("host", Look(900, height=600)),
    "booking-page": ("month", Look(height=720)),
    "week": ("week", Look()),
    "form": ("form with every kind of question", Look()),
    "booked": ("booked", Look(900)),
    "taken": ("taken meanwhile", Look(900)),
    "phone-dark": ("day", Look(_PHONE, dark=True)),
    "phone-arabic": ("month", Look(_PHONE, "ar")),
    "setup-page": ("setup of a user", Look(900)),
    "decision": ("host is asked", Look(900)),
    "embedding": ("embedding of an event type", Look(1100)),
}
#: File -> what the mail is about, who reads it, and how.
_MAILS = {
    "mail-booked": ("book", "invitee", Look(720, height=300)),
    "mail-request": ("request", "host", Look(375, height=300)),
    "mail-invitation": ("invitation", "invitee", Look(375, dark=True, height=300)),
    "mail-sender-check": ("sender-check", "invitee", Look(720, height=300)),
    "mail-counter-declined": ("decline-counter", "invitee", Look(375, dark=True, height=300)),
}


NAMES = _PAGES.keys() | _MAILS.keys()


def main(arguments: list[str]) -> None:
    with (tempfile.TemporaryDirectory() as folder, stage(Path(folder), f"sqlite://{folder}/booking.sqlite") as site,
          chromium() as browser):
        if arguments:
            _everything(browser, site, Path(arguments[0]), arguments[1:])
        else:
            _documentation(browser, site)


def _documentation(browser: Browser, site: Stage) -> None:
    for name, (state, look) in _PAGES.items():
        with _looking(browser, site, look) as page:
            STATES[state](page, site)
            _draw(page, _IMAGES / f"{name}.png", look)
    for name, (event, role, look) in _MAILS.items():
        message = mail.preview(site.app, event=event, role=role)
        html = message.get_body(("html",))
        assert html is not None
        with _looking(browser, site, look) as page:
            page.set_content(html.get_content())
            _draw(page, _IMAGES / f"{name}.png", look)


def _everything(browser: Browser, site: Stage, folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for state, way in STATES.items():
        for name, look in LOOKS.items():
            if not names or state in names or name in names:
                with _looking(browser, site, look) as page:
                    way(page, site)
                    _draw(page, folder / f"{re.sub('[^a-z]+', '-', state)}.{name}.png", look)


@contextmanager
def _looking(browser: Browser, site: Stage, look: Look) -> Iterator[Page]:
    with visitor(browser, language=look.language, width=look.width, height=look.height, dark=look.dark,
                 proxy=site.proxy) as (page, _):
        if look.contrast:
            page.emulate_media(forced_colors="active")
        yield page


def _draw(page: Page, file: Path, look: Look) -> None:
    page.wait_for_load_state("networkidle")
    if look.paper:
        # Only now: on paper there is nothing to press.
        page.emulate_media(media="print")
    page.screenshot(path=file, full_page=True, animations="disabled")
    print(file)  # noqa: T201 - what it is for


if __name__ == "__main__":
    main(sys.argv[1:])
