"""The section ``[page]`` of the configuration: what makes the booking pages the host's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radicale.config import filepath

#: Suffix of the logo's file -> what it is served as.
LOGO_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg",
              ".jpeg": "image/jpeg"}
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def colour(value: Any) -> str:
    """``#rrggbb`` in lower case; '' stays ''. Raises ``ValueError``."""
    text = str(value).strip().lower()
    if text and not _COLOUR.fullmatch(text):
        raise ValueError(f"not a colour: {text!r}")
    return text


def picture(value: Any) -> str:
    """The absolute path of a picture that exists; '' stays ''. Raises ``ValueError``."""
    path = str(filepath(value))
    if path and (Path(path).suffix.lower() not in LOGO_TYPES or not Path(path).is_file()):
        raise ValueError(f"no such picture: {path}")
    return path


def folder(value: Any) -> str:
    """The absolute path of a folder that exists; '' stays ''. Raises ``ValueError``."""
    path = str(filepath(value))
    if path and not Path(path).is_dir():
        raise ValueError(f"no such folder: {path}")
    return path


def short_text(value: Any) -> str:
    """Up to 2 000 characters. Raises ``ValueError``."""
    text = str(value).strip()
    if len(text) > 2000:
        raise ValueError("too long")
    return text


def web_link(value: Any) -> str:
    """An absolute http(s) URL; '' stays ''. Raises ``ValueError``."""
    text = str(value).strip()
    if text and not re.fullmatch(r"https?://[^\s\"'<>]+", text):
        raise ValueError(f"not a web address: {text!r}")
    return text


def origins(value: Any) -> tuple[str, ...]:
    """Origins such as ``https://www.example.org``, separated by commas. Raises ``ValueError``."""
    if isinstance(value, tuple):
        return value
    found = tuple(part.strip().lower().rstrip("/") for part in str(value).split(",") if part.strip())
    for one in found:
        if not _ORIGIN.fullmatch(one):
            raise ValueError(f"not an origin: {one!r}")
    return found


PAGE_SCHEMA: dict[str, dict[str, Any]] = {
    "logo": {"value": "", "help": "picture above every booking page", "type": picture},
    "portraits": {"value": "", "help": "folder with a picture of each host", "type": folder},
    "colour": {"value": "", "help": "colour of buttons and free days", "type": colour},
    "text": {"value": "", "help": "text below each host's own", "type": short_text},
    "embed_origins": {"value": "", "help": "sites that may show the pages within theirs", "type": origins},
    "imprint_url": {"value": "", "help": "who answers for the pages", "type": web_link},
    "privacy_url": {"value": "", "help": "what happens to the data", "type": web_link},
}

ACCEPTED: dict[Any, str] = {
    colour: "a colour such as #0b6b5f",
    picture: f"a file that exists, one of {', '.join(LOGO_TYPES)}",
    folder: "a folder that exists",
    short_text: "at most 2000 characters",
    origins: "origins such as https://www.example.org, separated by commas",
    web_link: "an address such as https://example.org/privacy",
}


@dataclass(frozen=True, slots=True)
class PageSettings:
    """All may be empty; ``logo`` and ``portraits`` are absolute paths."""

    logo: str = ""
    colour: str = ""
    text: str = ""
    embed_origins: tuple[str, ...] = ()
    imprint_url: str = ""
    privacy_url: str = ""
    portraits: str = ""
