"""A Radicale user; a host is a principal that can be booked."""

from __future__ import annotations

from dataclasses import dataclass

#: First path words that belong to the server; no principal may have one of these names.
RESERVED_NAMES = frozenset({"book", "booking", "host", "api", "freebusy", "embed.js", "health", "ready", "metrics",
                            "static", "principals"})

#: Whose data a write changes that touches no principal's: no principal can have this name.
NOBODY = "/"


#: What is answered to an invitation before the person sees it; what a mode does not answer is left to the person.
AUTO_SCHEDULE_MODES = ("none", "accept-always", "decline-always", "accept-if-free", "decline-if-busy", "automatic")


@dataclass(frozen=True, slots=True)
class Principal:
    """``timezone`` is an IANA name; ``email`` is lower case.

    ``holidays``: the country, as DE or DE-BY, whose public holidays are days off. ``availability``: the text of the
    calendar-availability property (RFC 7953 §7.2.4). Both may be empty. ``auto_schedule`` is one of
    ``AUTO_SCHEDULE_MODES``. ``free_busy_url``: anybody who knows the address may read when the principal is busy.
    ``language``: a tag, empty for the site's. ``agenda``: local time, as ``07:30``, of the daily mail about the day's
    bookings, empty for none.
    """

    name: str
    email: str | None = None
    display_name: str = ""
    description: str = ""
    timezone: str = "UTC"
    host: bool = False
    holidays: str = ""
    availability: str = ""
    auto_schedule: str = "none"
    free_busy_url: bool = False
    language: str = ""
    agenda: str = ""
    id: int | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """The calendar user addresses, lower case (RFC 6638 §2.4.1)."""
        return (f"mailto:{self.email}",) if self.email else ()

    @property
    def shown_name(self) -> str:
        return self.display_name or self.name
