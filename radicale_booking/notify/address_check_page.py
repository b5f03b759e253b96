"""What a mail says that asks whether it was its reader who wants to book; else as ``page``."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from radicale_booking.domain.notice import AddressCheck
from radicale_booking.notify import wording
from radicale_booking.notify.look import Look
from radicale_booking.notify.page import Page


def render(notice: AddressCheck, language_tag: str, look: Look) -> Page:
    """``notice`` in the language of ``language_tag``. Raises ``DeliveryFailed`` when a template cannot be used."""
    language, locale = wording.known_language(language_tag), wording.locale_of(language_tag)
    translate, zone = wording.catalogue(language).gettext, ZoneInfo(notice.timezone)
    start = notice.spans[0][0]
    what = translate("%(title)s with %(name)s") % {"title": notice.title, "name": notice.host}
    days, times = wording.shown_spans(notice.spans, zone, locale)
    zone_words = wording.zone_words(start, zone, locale)
    details = [(translate("With"), notice.host)]
    values: dict[str, object] = {
        "notice": notice, "language": language, "direction": locale.text_direction, "title": notice.title,
        "subject": translate(wording.SENDER_CHECK_SUBJECT) % {
            "what": what, "when": wording.short_moment(start, zone, locale)},
        "heading": translate(wording.ADDRESS_CHECK_HEADING), "badge": translate(wording.WAITS), "tone": "waiting",
        "words": "", "days": days, "times": times, "zone": zone_words, "details": details,
        "hint": translate(wording.ADDRESS_CHECK_HINT) % {"time": wording.clock_time(notice.expires, zone, locale)},
        "facts": [(translate("What"), notice.title),
                  (translate("When"), "\n".join(filter(None, [*days, times, zone_words]))), *details],
        "links": [(translate(wording.ADDRESS_CHECK_LINK), notice.url)],
    }
    return Page(str(values["subject"]), what, look.fill(("address-check.txt", "mail.txt"), values),
                look.fill(("address-check.html", "mail.html"), values), language)
