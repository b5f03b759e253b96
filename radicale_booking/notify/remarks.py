"""Why an invitation books nothing: what calendar programs show beside the answer (the COMMENT of RFC 5546)."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from babel import Locale

from radicale_booking.errors import BookingError, SlotTaken, TooMany
from radicale_booking.notify import wording
from radicale_booking.notify.wording import N_, Translate

_TAKEN = N_("%(when)s is not free any more.")
_NEVER = N_("%(when)s is not offered.")
_FREE = N_("Free instead")
_TOO_MANY = N_("There were too many bookings. Please try again later.")
_NOT_SO = N_("This cannot be booked by an invitation. See what can be: %(url)s")


def write(refused: Sequence[BookingError], *, language_tag: str, timezone: str, url: str) -> str:
    """A line for each of what was ``refused``, once, in the language of ``language_tag`` and times of ``timezone``.

    ``url`` is where people see what can be booked.
    """
    translate = wording.catalogue(wording.known_language(language_tag)).gettext
    locale, zone = wording.locale_of(language_tag), ZoneInfo(timezone)
    return "\n".join(dict.fromkeys(_line(one, locale, zone, translate) % {"url": url} for one in refused))


def _line(refused: BookingError, locale: Locale, zone: ZoneInfo, translate: Translate) -> str:
    if isinstance(refused, TooMany):
        return translate(_TOO_MANY)
    if not isinstance(refused, SlotTaken):
        return translate(_NOT_SO)
    said = translate(_TAKEN if refused.offered_before else _NEVER) % {
        "when": wording.short_moment(refused.start, zone, locale)}
    free = "; ".join(wording.short_moment(start, zone, locale) for start in refused.alternatives)
    return f"{said} {translate(_FREE)}: {free} ({zone.key})" if free else said
