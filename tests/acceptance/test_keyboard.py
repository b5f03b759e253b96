"""Pages by keyboard alone and as a screen reader is told of them: order, names, roles, where the focus goes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.browser import visitor
from tests.acceptance.site import new_database
from tests.acceptance.stage import SITE, Stage, stage
from tests.acceptance.states import STATES
from tests.conftest import ENGINES

_MONTH = f"{SITE}/book/ada/first-talk/"
_FOCUSED = """() => {
    const at = document.activeElement;
    const name = at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent;
    return at === document.body ? "" : name.trim().replace(/\\s+/g, " ");
}"""


@pytest.fixture(scope="module", params=ENGINES)
def site(request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory,
         ) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with stage(folder, new_database(request, request.param, folder)) as site:
        yield site


@pytest.fixture
def page(browser: Browser, site: Stage) -> Iterator[Page]:
    with visitor(browser, proxy=site.proxy) as (page, complaints):
        yield page
        assert [text for text in complaints if "status of 400" not in text] == []


def stops(page: Page, count: int) -> list[str]:
    """The names of what the next presses of Tab lead to."""
    found = []
    for _ in range(count):
        page.keyboard.press("Tab")
        found.append(str(page.evaluate(_FOCUSED)))
    return found


def test_what_a_screen_reader_is_told_of_a_month(page: Page, site: Stage) -> None:
    STATES["month"](page, site)
    expect(page.locator("main")).to_match_aria_snapshot("""
        - paragraph:
          - link "Ada Lovelace"
        - heading "First talk" [level=1]
        - list:
          - listitem:
            - navigation "Length"
        - region "November 2026":
          - heading "November 2026" [level=2]
          - navigation "Months":
            - link "Next month, December 2026"
          - table "Days with free times in November 2026":
            - rowgroup:
              - row:
                - columnheader "Mon"
            - rowgroup:
              - row:
                - cell "2"
                - cell "Tuesday, 3 November, 14 free times":
                  - link "Tuesday, 3 November, 14 free times"
          - combobox "Time zone"
        - region "Tuesday, 3 November":
          - heading "Tuesday, 3 November" [level=2]
          - list:
            - listitem:
              - link "09:00"
        - status
        """)


def test_what_a_screen_reader_is_told_of_mistakes(page: Page, site: Stage) -> None:
    STATES["form with errors"](page, site)
    expect(page.locator("main")).to_match_aria_snapshot("""
        - region "Your details":
          - alert: Please check the marked fields.
          - textbox "Your name"
          - group "Where":
            - radio "12 St James's Square, London" [checked]
          - textbox "What is it about?" [invalid]
          - paragraph: Please answer this.
          - paragraph:
            - button "Ask for this time"
        """)
    at = page.locator("#answer-topic")
    expect(at).to_be_focused()
    expect(at).to_have_accessible_description("Please answer this.")


def test_the_order_of_a_month(page: Page, site: Stage) -> None:
    STATES["month"](page, site)
    assert stops(page, 9) == ["Skip to content", "AAda Lovelace", "15 mins", "30 mins", "1 hr", "Month", "Week",
                              "Next month, December 2026", "Tuesday, 3 November, 14 free times"]
    page.locator("td a").last.focus()
    assert stops(page, 3) == ["12-hour clock", "Time zone", "09:00"]


def test_the_skip_link_leads_past_what_is_on_every_page(page: Page, site: Stage) -> None:
    STATES["booking"](page, site)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    assert stops(page, 2) == ["https://meet.example.org/ada", "Add to calendar"]


@pytest.mark.parametrize(("link", "goes_to"), [
    ("td a >> nth=3", "#times-title"), ("[rel=next]", "#month-title"),
    (".durations a >> nth=0", ".durations a >> nth=0"),
    (".clock", ".clock"), (".views a >> nth=1", ".views a >> nth=1")])
def test_whoever_changes_a_part_stays_at_it(page: Page, link: str, goes_to: str) -> None:
    page.goto(_MONTH)
    page.evaluate("window.kept = true")
    before = page.url
    page.locator(link).focus()
    page.keyboard.press("Enter")
    page.wait_for_function("before => location.href !== before", arg=before)
    expect(page.locator(goes_to)).to_be_focused()
    assert page.evaluate("window.kept") is True


def test_on_a_phone_the_week_is_left_for_the_heading_of_the_month(browser: Browser, site: Stage) -> None:
    """What stands for the view that is shown is hidden there."""
    with visitor(browser, width=390, proxy=site.proxy) as (page, _):
        page.goto(f"{_MONTH}?view=week")
        page.locator(".views a:visible").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#month-title")).to_be_focused()
        expect(page.locator("td .selected")).to_be_visible()


def test_seats_that_are_taken_meanwhile_are_told_and_move_nobody(page: Page, site: Stage) -> None:
    start = site.free("workshop")
    page.clock.install()
    page.goto(f"{SITE}/book/ada/workshop/?day={start:%Y-%m-%d}")
    link = page.locator("#times li a").first
    expect(link).to_contain_text("8 left")
    link.focus()
    expect(page.get_by_role("status")).to_have_text("")
    site.booked("workshop", start)
    page.clock.fast_forward(31_000)
    expect(link).to_contain_text("7 left")
    expect(link).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("The free times have changed.")
    page.clock.fast_forward(31_000)
    expect(page.get_by_role("status")).to_have_text("")


def test_cancelling_by_keyboard(page: Page, site: Stage) -> None:
    STATES["booking"](page, site)
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    assert stops(page, 2) == ["Reason (the host will read it) optional", "Cancel the booking"]
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")
