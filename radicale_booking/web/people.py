"""Who is met, where they are several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from babel.lists import format_list

from radicale_booking.services import booking
from radicale_booking.web.current import adapters
from radicale_booking.web.languages import locale


def named(hosts: Sequence[str], style: Literal["standard", "or"] = "standard") -> str:
    """``Ada and Ben`` in the visitor's language, or ``Ada or Ben``."""
    return str(format_list([host.shown_name for host in booking.people(adapters(), hosts)], style, locale=locale()))
