"""What a mail says, as text and as HTML, by templates that a sysadmin may replace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateError,
    select_autoescape,
)
from jinja2.loaders import BaseLoader

from radicale_booking.domain.notice import EVENTS, TOLD, AddressCheck, AgendaNotice, Notice, SenderCheck
from radicale_booking.errors import DeliveryFailed, InvalidInput
from radicale_booking.notify import wording

_TONES = {"confirmed": "good", "pending": "waiting", "cancelled": "over", "declined": "over", "expired": "over"}


@dataclass(frozen=True, slots=True)
class Page:
    """The parts of a mail that people read; ``subject`` and ``what`` are one line, ``language`` a catalogue's.

    ``remark`` is what calendar programs show of it.
    """

    subject: str
    what: str
    text: str
    html: str
    language: str
    remark: str = ""


def render(notice: Notice, language_tag: str, templates: str) -> Page:
    """``notice`` in the language of ``language_tag``; files in the folder ``templates``, if any, go before ours.

    Raises ``InvalidInput`` for an unknown event, ``DeliveryFailed`` when a template cannot be used.
    """
    if notice.event not in EVENTS:
        raise InvalidInput("event", notice.event, "is not known", f"one of {', '.join(EVENTS)}")
    if (notice.event, notice.role) not in wording.HEADINGS:
        raise InvalidInput("event", notice.event, f"is not told to a {notice.role}",
                           f"one of {', '.join(TOLD[notice.role])}")
    language, locale = wording.known_language(language_tag), wording.locale_of(language_tag)
    zone = ZoneInfo(notice.timezone)
    translate = wording.catalogue(language).gettext
    booked = notice.reservation
    names = {"invitee": booked.invitee_name, "host": notice.host.shown_name}
    other = names["invitee" if notice.role == "host" else "host"]
    what = translate("%(title)s with %(name)s") % {"title": booked.title, "name": other}
    subject = translate(wording.SUBJECTS[notice.event]) % {
        "what": what, "when": wording.short_moment(booked.start, zone, locale)}
    days, times = _moments(notice, zone, locale)
    zone_words = f"{wording.zone_title(booked.start, zone, locale)} ({zone.key})"
    details = [*_instead(notice, zone, locale, translate), *_details(notice, translate)]
    values: dict[str, object] = {
        "notice": notice, "subject": subject, "language": language, "direction": locale.text_direction,
        "title": booked.title, "details": details,
        "heading": translate(wording.HEADINGS[notice.event, notice.role]) % names,
        "badge": "" if notice.event == "follow-up" else translate(wording.BADGES[booked.status]),
        "tone": _TONES[booked.status],
        "days": days, "times": times, "zone": zone_words, "words": notice.words,
        "facts": [(translate("What"), booked.title),
                  (translate("When"), "\n".join(filter(None, [*days, times, zone_words]))),
                  *details],
        "hint": _hint(notice, translate), "links": _links(notice, translate),
    }
    stem = f"{notice.event}-{notice.role}"
    remark = "\n".join([str(values["heading"]), *(f"{label}: {value}" for label, value in _instead(
        notice, zone, locale, translate))])
    return Page(subject, what, _fill(templates, (f"{stem}.txt", "mail.txt"), values),
                _fill(templates, (f"{stem}.html", "mail.html"), values), language, remark)


def render_agenda(notice: AgendaNotice, language_tag: str, templates: str) -> Page:
    """The bookings of a day; else as ``render``."""
    language, locale = wording.known_language(language_tag), wording.locale_of(language_tag)
    zone = ZoneInfo(notice.host.timezone)
    translations = wording.catalogue(language)
    count = len(notice.reservations)
    heading = translations.ngettext("%(count)s booking today", "%(count)s bookings today", count) % {"count": count}
    waits = translations.gettext(wording.WAITS)
    day = wording.day(notice.reservations[0].start, zone, locale)
    entries = [{"start": wording.clock_time(booked.start, zone, locale), "title": booked.title,
                "end": wording.clock_time(booked.end, zone, locale), "place": booked.location,
                "person": f"{booked.invitee_name} <{booked.invitee_email}>",
                "waits": waits if booked.status == "pending" else ""}
               for booked in notice.reservations]
    subject = f"{heading}: {day}"
    values: dict[str, object] = {"notice": notice, "subject": subject, "language": language,
                                 "direction": locale.text_direction, "heading": heading, "day": day,
                                 "entries": entries}
    return Page(subject, heading, _fill(templates, ("agenda.txt",), values),
                _fill(templates, ("agenda.html",), values), language)


def render_sender_check(notice: SenderCheck, language_tag: str, templates: str) -> Page:
    """The question whether a mail is the reader's; else as ``render``."""
    language, locale = wording.known_language(language_tag), wording.locale_of(language_tag)
    translate = wording.catalogue(language).gettext
    zone, start = ZoneInfo(notice.timezone), notice.start
    timed = isinstance(start, datetime)
    moment = start if isinstance(start, datetime) else datetime.combine(start or notice.at.date(), time(12))
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
    what = notice.title or notice.host
    days, times = [wording.day(moment, zone, locale)], wording.clock_time(moment, zone, locale) if timed else ""
    zone_words = f"{wording.zone_title(moment, zone, locale)} ({zone.key})" if timed else ""
    subject = translate(wording.SENDER_CHECK_SUBJECT) % {
        "what": what, "when": wording.short_moment(moment, zone, locale) if timed else days[0]}
    details = [(translate("With"), notice.host)]
    values: dict[str, object] = {
        "notice": notice, "subject": subject, "language": language, "direction": locale.text_direction,
        "title": what, "details": details, "heading": translate(wording.SENDER_CHECK_HEADING),
        "badge": translate(wording.METHODS.get(notice.method, "Invitation")), "tone": "waiting", "days": days,
        "times": times, "zone": zone_words, "words": "", "hint": translate(wording.SENDER_CHECK_HINT),
        "facts": [(translate("What"), what), (translate("When"), "\n".join(filter(None, [*days, times, zone_words]))),
                  *details],
        "links": [(translate(wording.SENDER_CHECK_LINK), notice.url)],
    }
    return Page(subject, what, _fill(templates, ("sender-check.txt", "mail.txt"), values),
                _fill(templates, ("sender-check.html", "mail.html"), values), language)


def render_address_check(notice: AddressCheck, language_tag: str, templates: str) -> Page:
    """The question whether the reader wants to book; else as ``render``."""
    language, locale = wording.known_language(language_tag), wording.locale_of(language_tag)
    translate = wording.catalogue(language).gettext
    zone, first = ZoneInfo(notice.timezone), notice.starts[0]
    what = translate("%(title)s with %(name)s") % {"title": notice.title, "name": notice.host}
    days = [wording.day(start, zone, locale) for start in notice.starts]
    times = wording.clock_time(first, zone, locale)
    zone_words = f"{wording.zone_title(first, zone, locale)} ({zone.key})"
    subject = translate(wording.SENDER_CHECK_SUBJECT) % {
        "what": what, "when": wording.short_moment(first, zone, locale)}
    details = [(translate("With"), notice.host)]
    values: dict[str, object] = {
        "notice": notice, "subject": subject, "language": language, "direction": locale.text_direction,
        "title": notice.title, "details": details, "heading": translate(wording.ADDRESS_CHECK_HEADING),
        "badge": translate(wording.WAITS), "tone": "waiting", "days": days, "times": times, "zone": zone_words,
        "words": "",
        "hint": translate(wording.ADDRESS_CHECK_HINT) % {"time": wording.clock_time(notice.expires, zone, locale)},
        "facts": [(translate("What"), notice.title), (translate("When"), "\n".join([*days, times, zone_words])),
                  *details],
        "links": [(translate(wording.ADDRESS_CHECK_LINK), notice.url)],
    }
    return Page(subject, what, _fill(templates, ("address-check.txt", "mail.txt"), values),
                _fill(templates, ("address-check.html", "mail.html"), values), language)


def _moments(notice: Notice, zone: ZoneInfo, locale: Locale) -> tuple[list[str], str]:
    """The days, and the time that they have in common; '' where each is given its own."""
    occurrences = (notice.reservation, *notice.others)
    days = [wording.day(occurrence.start, zone, locale) for occurrence in occurrences]
    times = [" – ".join(wording.clock_time(moment, zone, locale) for moment in (occurrence.start, occurrence.end))
             for occurrence in occurrences]
    if len(set(times)) == 1:
        return days, times[0]
    return [f"{day}, {time}" for day, time in zip(days, times, strict=True)], ""


def _instead(notice: Notice, zone: ZoneInfo, locale: Locale, translate: wording.Translate) -> list[tuple[str, str]]:
    """What was proposed and cannot be had, and what can."""
    if notice.proposed is None:
        return []
    moments = [wording.short_moment(start, zone, locale) for start in notice.free]
    return [(translate("Proposed"), wording.short_moment(notice.proposed, zone, locale)),
            *([(translate("Free instead"), "\n".join(moments))] if moments else [])]


def _details(notice: Notice, translate: wording.Translate) -> list[tuple[str, str]]:
    """Label and value of what there is to know besides what is booked and when, in order."""
    booked = notice.reservation
    invitee = f"{booked.invitee_name} <{booked.invitee_email}>"
    people = {"invitee": notice.host.shown_name, "host": invitee,
              "guest": f"{notice.host.shown_name}\n{booked.invitee_name}"}
    private = notice.role == "guest"
    details = [(translate("Reason"), booked.reason), (translate("With"), people[notice.role]),
               (translate("Where"), booked.location),
               (translate("Guests"), "\n".join(booked.guests)), (translate("Note"), booked.note),
               *(() if private else notice.answers)]
    return [(label, value) for label, value in details if value]


def _hint(notice: Notice, translate: wording.Translate) -> str:
    if notice.role != "host" or not EVENTS[notice.event]:
        return ""
    if notice.reservation.status == "pending":
        return translate("To confirm, set the event in your calendar to confirmed; to decline, remove it.")
    return translate("The event is in your calendar. Move it to change the time, remove it to cancel.")


def _links(notice: Notice, translate: wording.Translate) -> list[tuple[str, str]]:
    if notice.role == "host":
        if not notice.decide_url:
            return []
        return [(translate("Confirm"), f"{notice.decide_url}?answer=confirm"),
                (translate("Decline"), f"{notice.decide_url}?answer=decline")]
    if notice.role == "guest":
        return []
    if EVENTS[notice.event] and notice.event != "follow-up":
        return [(translate("See or cancel my booking"), notice.manage_url)]
    return [(translate("Book another time"), notice.book_url)]


def _fill(templates: str, names: tuple[str, ...], values: Mapping[str, object]) -> str:
    try:
        return _environment(templates).select_template(names).render(values)
    except (TemplateError, OSError, TypeError, ValueError) as error:
        raise DeliveryFailed(f"mail template {' or '.join(names)}: {error or type(error).__name__}") from error


@cache
def _environment(templates: str) -> Environment:
    ours = PackageLoader("radicale_booking.notify")
    loader: BaseLoader = ChoiceLoader([FileSystemLoader(templates), ours]) if templates else ours
    return Environment(loader=loader, autoescape=select_autoescape(["html"]), trim_blocks=True, lstrip_blocks=True,
                       undefined=StrictUndefined)
