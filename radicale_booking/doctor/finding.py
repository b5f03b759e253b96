"""What an examination finds."""

from __future__ import annotations

from dataclasses import dataclass

OK, NOTE, WARNING, ERROR = "ok", "note", "warning", "error"
#: The worst finding decides the exit code, as monitoring programs read it.
EXIT_CODES = {OK: 0, NOTE: 0, WARNING: 1, ERROR: 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """``level`` is one of ``EXIT_CODES``; ``remedy``: what to do about it, empty where nothing is to be done."""

    name: str
    level: str
    detail: str
    remedy: str = ""


def worst(findings: list[Finding]) -> int:
    """The exit code for all of them."""
    return max((EXIT_CODES[one.level] for one in findings), default=0)
