"""An ini file with the line of everything in it, so that a problem can be shown where it is.

Python's ``configparser`` reads the values, as Radicale does, but forgets lines and stops at the first mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from configparser import Error, ParsingError, RawConfigParser
from dataclasses import dataclass, field
from pathlib import Path

from radicale_booking.errors import InvalidSetting

_SECTION = re.compile(r"\[(?P<name>[^]]+)\]")
_OPTION = re.compile(r"(?P<name>[^\s=:#;\[][^=:]*?)\s*[=:]")


@dataclass(frozen=True, slots=True)
class Assignment:
    """``option = value``, first written at ``place`` (``FILE:LINE``)."""

    option: str
    value: str
    place: str


@dataclass(frozen=True, slots=True)
class Ini:
    """``sections``: name -> option -> assignment; ``places``: section -> ``FILE:LINE``; ``problems`` of the syntax."""

    sections: dict[str, dict[str, Assignment]]
    problems: tuple[InvalidSetting, ...]
    places: dict[str, str] = field(default_factory=dict)


def read_ini(path: Path) -> Ini:
    """The file at ``path``; never raises, a file that cannot be read is a problem too."""
    try:
        # Some editors begin a file with a mark.
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        return Ini({}, (InvalidSetting(str(path), "", error.strerror or "cannot be read", "check path and rights"),))
    except UnicodeDecodeError:
        return Ini({}, (InvalidSetting(str(path), "", "is not UTF-8", "save it as UTF-8"),))
    places, repeated = _places(path, text)
    parser = RawConfigParser(strict=False)
    try:
        parser.read_string(text, str(path))
    except ParsingError as error:
        return Ini({}, tuple(_syntax(path, number, text) for number in _error_lines(error)), places)
    except Error as error:
        return Ini({}, (InvalidSetting(str(path), "", str(error).replace("\n", " "), "correct the file"),), places)
    sections = {
        section: {option: Assignment(option, parser[section][option], places[f"{section}\0{option}"])
                  for option in parser.options(section)}
        for section in parser.sections()
    }
    return Ini(sections, repeated, places)


def _places(path: Path, text: str) -> tuple[dict[str, str], tuple[InvalidSetting, ...]]:
    """Where each section and each ``section\\0option`` is first written, and what is written twice."""
    places: dict[str, str] = {}
    repeated: list[InvalidSetting] = []
    for number, key, shown in _headings(text):
        place = f"{path}:{number}"
        if key in places:
            repeated.append(InvalidSetting(place, shown, f"already given at {places[key]}", "keep one of them"))
        places.setdefault(key, place)
    return places, tuple(repeated)


def _headings(text: str) -> Iterator[tuple[int, str, str]]:
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if line[:1].isspace() or not line.strip() or line.lstrip()[0] in "#;":
            continue
        header, option = _SECTION.match(line), _OPTION.match(line)
        if header:
            section = header["name"]
            yield number, section, f"[{section}]"
        elif option:
            name = option["name"].strip().lower()
            yield number, f"{section}\0{name}", f"[{section}] {name}"


def _error_lines(error: ParsingError) -> list[int]:
    lines = [number for number, _ in getattr(error, "errors", ())]
    return lines or [int(getattr(error, "lineno", 1))]


def _syntax(path: Path, number: int, text: str) -> InvalidSetting:
    line = text.splitlines()[number - 1].strip()
    return InvalidSetting(f"{path}:{number}", line, "cannot be read", "write [section] and below it: option = value")
