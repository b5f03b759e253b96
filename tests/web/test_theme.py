"""The site's own look: whatever the colour is, everything stays readable."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import radicale_booking.web
from radicale_booking.colours import OURS, Palette, contrast
from radicale_booking.page_settings import PageSettings
from radicale_booking.web import create_app
from radicale_booking.web.theme import stylesheet
from tests.web.conftest import services  # noqa: F401 - fixture
from tests.web.fake_booking import fake_adapters

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
LIGHT, DARK = (255, 255, 255), (25, 31, 29)


def parsed(text: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def themes(colour: str) -> list[dict[str, tuple[int, int, int]]]:
    """The variables for light and for dark screens."""
    light, _, dark = stylesheet(colour).partition("@media")
    return [{name: parsed(value) for name, value in re.findall(r"--([\w-]+):(#\w{6});", part)}
            for part in (light, dark)]


@given(COLOURS)
def test_every_colour_is_readable(colour: str) -> None:
    for found, paper in zip(themes(colour), (LIGHT, DARK), strict=True):
        assert contrast(found["accent"], paper) >= 4.5
        assert contrast(found["on-accent"], found["accent"]) >= 4.5
        assert contrast(found["accent-strong"], found["accent-soft"]) >= 4.5
        assert contrast(found["accent"], found["accent-soft"]) >= 4.5
        assert contrast(found["on-accent"], found["accent-strong"]) >= 3


@pytest.mark.parametrize(("one", "other", "expected"), [
    ("#000000", "#ffffff", 21), ("#ffffff", "#ffffff", 1), ("#777777", "#ffffff", 4.48), ("#0000ff", "#ffffff", 8.59)])
def test_contrast_is_that_of_the_guidelines(one: str, other: str, expected: float) -> None:
    assert contrast(parsed(one), parsed(other)) == pytest.approx(expected, abs=0.01)


def test_mail_has_the_colours_of_the_pages() -> None:
    style = (Path(radicale_booking.web.__file__).parent / "static" / "page.css").read_text(encoding="utf-8")
    roots = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    for root, palette in zip(roots, OURS, strict=True):
        written = dict(re.findall(r"--([\w-]+): (#\w+);", root))
        assert palette == Palette(*(
            value if len(value) == 7 else "#" + "".join(2 * digit for digit in value[1:])
            for value in (written[name] for name in ("accent", "accent-strong", "accent-soft", "on-accent"))))


def test_a_colour_that_is_readable_stays() -> None:
    assert themes("#0b6b5f")[0]["accent"] == parsed("#0b6b5f")


def test_logo_colour_text_and_links(services: object, tmp_path: Path) -> None:  # noqa: F811
    logo = tmp_path / "logo.svg"
    logo.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    page = PageSettings(str(logo), "#225599", "We <b>like</b> visitors.", "https://example.org/imprint",
                        "https://example.org/privacy?a=1&b=2")
    client = create_app(fake_adapters(page=page)).test_client()
    text = client.get("/book/ada/").text
    assert "We &lt;b&gt;like&lt;/b&gt; visitors." in text
    assert 'href="https://example.org/privacy?a=1&amp;b=2"' in text
    styles = re.findall(r'href="(/book/look/[^"]+css)"', text)
    images = re.findall(r'src="(/book/look/[^"]+)"', text)
    assert len(styles) == len(images) == 1
    style, image = client.get(styles[0]), client.get(images[0])
    assert (style.mimetype, image.mimetype) == ("text/css", "image/svg+xml")
    assert "#225599" in style.text
    for answer in (style, image):
        assert "immutable" in answer.headers["Cache-Control"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    logo.write_text("<svg xmlns='http://www.w3.org/2000/svg' width='1'/>", encoding="utf-8")
    assert re.findall(r'src="(/book/look/[^"]+)"', client.get("/book/ada/").text) != images
    logo.unlink()
    assert "/logo" not in client.get("/book/ada/").text


def test_portraits(services: object, tmp_path: Path) -> None:  # noqa: F811
    folder = tmp_path / "portraits"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(b"secret")
    client = create_app(fake_adapters(page=PageSettings(portraits=str(folder)))).test_client()
    for path in ("/book/ada/", "/book/ada/first-talk/"):
        assert "/portrait/" not in client.get(path).text
        assert 'aria-hidden="true">A</span>' in client.get(path).text
    (folder / "ada.png").write_bytes(b"picture")
    for path in ("/book/ada/", "/book/ada/first-talk/"):
        text = client.get(path).text
        [(address, words)] = re.findall(r'<img class="avatar [^>]*src="([^"]+)" alt="([^"]*)"', text)
        assert words == ""
        assert ">A</span>" not in text
    picture = client.get(address)
    assert (picture.data, picture.mimetype) == (b"picture", "image/png")
    assert "immutable" in picture.headers["Cache-Control"]
    (folder / "ada.png").write_bytes(b"another")
    os.utime(folder / "ada.png", (1, 1))
    assert address not in client.get("/book/ada/").text
    for host in ("..%2Fsecret", "../secret", "bob", "%2e%2e%2fsecret"):
        assert client.get(f"/book/look/x/portrait/{host}").status_code == 404


def test_without_them_nothing_is_shown(services: object) -> None:  # noqa: F811
    client = create_app(fake_adapters()).test_client()
    assert "/book/look/" not in client.get("/book/ada/").text
    assert client.get("/book/look/x.css").status_code == 404
    assert client.get("/book/look/x/logo").status_code == 404
