"""The site's own colour, made readable wherever pages and mail use it (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
_LIGHT_PAPER, _DARK_PAPER = _WHITE, (25, 31, 29)
_ENOUGH = 4.6
_STEPS = 50

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as ``#rrggbb``: of links and buttons, of a button that is pointed at, of grounds, of text on a button."""

    accent: str
    accent_strong: str
    accent_soft: str
    on_accent: str


#: On light and on dark paper where the configuration names none, as in ``page.css``.
OURS = Palette("#0b6b5f", "#08534a", "#e2f1ee", "#ffffff"), Palette("#63cdbb", "#8adccd", "#17352f", "#06231e")


def palettes(colour: str) -> tuple[Palette, Palette]:
    """``colour`` (``#rrggbb``) on light and on dark paper, darker or lighter where text would not be readable on it."""
    chosen = _parse(colour)
    light = _until(chosen, _BLACK, lambda one: contrast(one, _mixed(one, _LIGHT_PAPER, 0.88)) >= _ENOUGH)
    dark = _until(chosen, _WHITE, lambda one: contrast(one, _mixed(one, _DARK_PAPER, 0.84)) >= _ENOUGH)
    return _palette(light, _LIGHT_PAPER, _BLACK, 0.88), _palette(dark, _DARK_PAPER, _WHITE, 0.84)


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _palette(accent: Colour, paper: Colour, away: Colour, softness: float) -> Palette:
    on_accent = max((_WHITE, _BLACK), key=lambda text: contrast(accent, text))
    return Palette(*map(_written, (accent, _mixed(accent, away, 0.2), _mixed(accent, paper, softness), on_accent)))


def _until(colour: Colour, goal: Colour, good: Callable[[Colour], bool]) -> Colour:
    """``colour``, or the first on its way to ``goal`` that is good."""
    return next((one for step in range(_STEPS + 1) if good(one := _mixed(colour, goal, step / _STEPS))), goal)


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(mine + (theirs - mine) * share) for mine, theirs in zip(one, other, strict=True))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    linear = [part / 12.92 if (part := value / 255) <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for value in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parse(colour: str) -> Colour:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def _written(colour: Colour) -> str:
    return f"#{bytes(colour).hex()}"
