"""The site's own colour as a stylesheet."""

from __future__ import annotations

from radicale_booking.colours import Palette, palettes


def stylesheet(colour: str) -> str:
    """CSS that gives the pages ``colour`` (``#rrggbb``)."""
    light, dark = map(_variables, palettes(colour))
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


def _variables(palette: Palette) -> str:
    return (f"--accent:{palette.accent};--accent-strong:{palette.accent_strong};"
            f"--accent-soft:{palette.accent_soft};--on-accent:{palette.on_accent};")
