"""The sentences of mail, and dates and times in the recipient's language and zone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_timezone_name
from babel.support import NullTranslations, Translations

from radicale_booking.mail_settings import LANGUAGES

Translate = Callable[[str], str]
_DAY = timedelta(days=1)
_CATALOGUES = Path(__file__).parent / "translations"


def N_(sentence: str) -> str:  # noqa: N802 - the name by which gettext's tools find sentences
    """Mark ``sentence`` for the catalogues; it is translated where it is used."""
    return sentence


SUBJECTS = {
    "book": N_("Booked: %(what)s, %(when)s"),
    "request": N_("Asked for: %(what)s, %(when)s"),
    "confirm": N_("Confirmed: %(what)s, %(when)s"),
    "reschedule": N_("New time: %(what)s, %(when)s"),
    "cancel": N_("Cancelled: %(what)s, %(when)s"),
    "leave": N_("Cancelled: %(what)s, %(when)s"),
    "decline": N_("Declined: %(what)s, %(when)s"),
    "expire": N_("Not confirmed: %(what)s, %(when)s"),
    "reseat": N_("New time: %(what)s, %(when)s"),
    "unseat": N_("Given up: %(what)s, %(when)s"),
    "join": N_("One more: %(what)s, %(when)s"),
    "remind": N_("Reminder: %(what)s, %(when)s"),
    "follow-up": N_("Thank you: %(what)s, %(when)s"),
    "decline-counter": N_("Not moved: %(what)s, %(when)s"),
}
HEADINGS = {
    ("book", "invitee"): N_("You are booked."),
    ("book", "host"): N_("%(invitee)s has booked a time with you."),
    ("request", "invitee"): N_("You have asked for this time. It is kept for you until %(host)s decides."),
    ("request", "host"): N_("%(invitee)s asks for a time with you."),
    ("confirm", "invitee"): N_("%(host)s has confirmed your booking."),
    ("confirm", "host"): N_("This booking is confirmed."),
    ("reschedule", "invitee"): N_("Your booking has a new time."),
    ("reschedule", "host"): N_("This booking has a new time."),
    ("cancel", "invitee"): N_("Your booking is cancelled."),
    ("cancel", "host"): N_("This booking is cancelled. The time is free again."),
    ("leave", "invitee"): N_("Your booking is cancelled."),
    ("leave", "host"): N_("%(invitee)s has cancelled and does not come. The others do."),
    ("decline", "invitee"): N_("%(host)s cannot take your booking."),
    ("decline", "host"): N_("This booking is declined. The time is free again."),
    ("expire", "invitee"): N_("Your booking was not confirmed in time."),
    ("expire", "host"): N_("This booking was not confirmed in time. The time is free again."),
    ("reseat", "host"): N_("%(invitee)s has moved to another time."),
    ("unseat", "invitee"): N_("You have chosen another time instead of this one. It comes in a mail of its own."),
    ("join", "host"): N_("%(invitee)s has taken a seat."),
    ("remind", "invitee"): N_("Your booking is coming up."),
    ("follow-up", "invitee"): N_("Thank you for your time."),
    ("decline-counter", "invitee"): N_("The time that you proposed cannot be booked. Your booking stays as it is."),
    ("book", "guest"): N_("%(invitee)s invites you to a meeting with %(host)s."),
    ("confirm", "guest"): N_("%(invitee)s invites you to a meeting with %(host)s."),
    ("reschedule", "guest"): N_("The meeting has a new time."),
    ("cancel", "guest"): N_("The meeting is cancelled."),
    ("decline", "guest"): N_("The meeting is cancelled."),
    ("expire", "guest"): N_("The meeting is cancelled."),
    ("remind", "guest"): N_("The meeting is coming up."),
}
WAITS = N_("Waiting for confirmation")
BADGES = {"confirmed": N_("Confirmed"), "pending": WAITS, "cancelled": N_("Cancelled"),
          "declined": N_("Declined"), "expired": N_("Not confirmed")}
#: What becomes of an invitation that goes elsewhere -> subject, heading, badge.
INVITATIONS = {
    "REQUEST": (N_("Invitation: %(what)s, %(when)s"), N_("%(name)s invites you."), N_("Invitation")),
    "CHANGED": (N_("Changed: %(what)s, %(when)s"), N_("%(name)s has changed this event."), N_("Changed")),
    "CANCEL": (N_("Cancelled: %(what)s, %(when)s"), N_("%(name)s has withdrawn this invitation."), N_("Cancelled")),
    "ACCEPTED": (N_("Accepted: %(what)s, %(when)s"), N_("%(name)s accepts."), N_("Accepted")),
    "DECLINED": (N_("Declined: %(what)s, %(when)s"), N_("%(name)s declines."), N_("Declined")),
    "TENTATIVE": (N_("Perhaps: %(what)s, %(when)s"), N_("%(name)s may come."), N_("Perhaps")),
    "REPLY": (N_("Answer: %(what)s, %(when)s"), N_("%(name)s has answered."), N_("Answer")),
}
INVITATION_HINT = N_(
    "Answer with the buttons of your mail or calendar program. What you write in reply goes to %(name)s.")
PROBLEMS_SUBJECT = N_("Your bookable hours: some settings could not be read")
PROBLEMS_HEADING = N_("Some settings of your bookable hours could not be read")
PROBLEMS_INTRODUCTION = N_("These lines are in the description of a window in your calendar:")
PROBLEMS_HINT = N_("The window counts all the same, without these settings.")
TEST_SUBJECT = N_("radicale-booking: mail works")
TEST_HEADING = N_("Mail works.")
TEST_WORDS = N_("This is the test mail that was asked for. Mail from radicale-booking arrives here.")
SENDER_CHECK_SUBJECT = N_("Please confirm: %(what)s, %(when)s")
SENDER_CHECK_HEADING = N_("Is this mail from you?")
SENDER_CHECK_LINK = N_("Yes, it is from me")
SENDER_CHECK_HINT = N_("If not, do nothing: then nothing happens.")
ADDRESS_CHECK_HEADING = N_("Do you want to book this time?")
ADDRESS_CHECK_LINK = N_("Confirm my booking")
ADDRESS_CHECK_HINT = N_("It is kept for you until %(time)s and booked when you confirm it. "
                        "If you have not asked for it, do nothing: then nothing is booked.")
METHODS = {"REQUEST": N_("Invitation"), "CANCEL": N_("Cancelled"), "REPLY": N_("Answer")}


def known_language(tag: str) -> str:
    """The catalogue for the language tag ``tag``, English where there is none."""
    language = tag.replace("_", "-").partition("-")[0].lower()
    return language if language in LANGUAGES else "en"


def locale_of(tag: str) -> Locale:
    """The locale of ``tag`` with its region, if mail is written in its language; else English."""
    if known_language(tag) != tag.replace("_", "-").partition("-")[0].lower():
        return Locale("en")
    try:
        parsed = Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale(known_language(tag))
    return Locale(parsed.language, parsed.territory) if parsed.territory else Locale(parsed.language)


@cache
def catalogue(language: str) -> NullTranslations:
    """The sentences in ``language``; those in English are their own keys."""
    found: NullTranslations = Translations.load(_CATALOGUES, [language], domain="mail")
    return found


def day(moment: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """``Tuesday, November 24, 2026``."""
    return str(format_date(moment.astimezone(zone).date(), "full", locale=locale))


def shown_spans(spans: Sequence[tuple[date | datetime, date | datetime]], zone: ZoneInfo,
                locale: Locale) -> tuple[list[str], str]:
    """The days of ``spans`` (start and end), and the time that they have in common; '' where each is given its own.

    Days, of which the last is not meant, have no time.
    """
    days = [_days(*span, zone, locale) for span in spans]
    times = [_times(*span, zone, locale) for span in spans]
    if len(set(times)) == 1:
        return days, times[0]
    return [", ".join(filter(None, both)) for both in zip(days, times, strict=True)], ""


def _days(start: date | datetime, end: date | datetime, zone: ZoneInfo, locale: Locale) -> str:
    if isinstance(start, datetime):
        return day(start, zone, locale)
    last = max(start, end - _DAY)
    return " – ".join(str(format_date(one, "full", locale=locale)) for one in dict.fromkeys((start, last)))


def _times(start: date | datetime, end: date | datetime, zone: ZoneInfo, locale: Locale) -> str:
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return ""
    if end - start >= _DAY:
        return f"{clock_time(start, zone, locale)} – {short_moment(end, zone, locale)}"
    return " – ".join(clock_time(moment, zone, locale) for moment in ((start, end) if end > start else (start,)))


def beginning(start: date | datetime, zone: ZoneInfo, locale: Locale) -> str:
    """A moment or a day for subjects."""
    if isinstance(start, datetime):
        return short_moment(start, zone, locale)
    return str(format_date(start, "medium", locale=locale))


def short_moment(moment: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """``Nov 24, 2026, 9:00 AM``, for subjects."""
    local = moment.astimezone(zone)
    return f"{format_date(local.date(), 'medium', locale=locale)}, {clock_time(moment, zone, locale)}"


def clock_time(moment: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """``9:00 AM`` or ``09:00``."""
    return str(format_time(moment.astimezone(zone).timetz(), "short", locale=locale))


def zone_words(start: date | datetime, zone: ZoneInfo, locale: Locale) -> str:
    """``Central European Standard Time (Europe/Berlin)``, as it is called at ``start``; '' for a day."""
    if not isinstance(start, datetime):
        return ""
    title = get_timezone_name(start.astimezone(zone), width="long", locale=locale)
    return f"{title} ({zone.key})"
