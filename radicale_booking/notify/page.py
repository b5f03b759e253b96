"""What a mail says, as text and as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale

from radicale_booking.domain.notice import EVENTS, TOLD, AgendaNotice, Notice, SenderCheck
from radicale_booking.errors import InvalidInput
from radicale_booking.notify import wording
from radicale_booking.notify.look import Look

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


def render(notice: Notice, language_tag: str, look: Look) -> Page:
    """``notice`` in the language of ``language_tag``; dressed by ``look``.

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
    days, times = wording.shown_spans([(one.start, one.end) for one in (booked, *notice.others)], zone, locale)
    zone_words = wording.zone_words(booked.start, zone, locale)
    details = [*_before(notice, zone, locale, translate), *_instead(notice, zone, locale, translate),
               *_details(notice, translate)]
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
    return Page(subject, what, look.fill((f"{stem}.txt", "mail.txt"), values),
                look.fill((f"{stem}.html", "mail.html"), values), language, remark)


def render_agenda(notice: AgendaNotice, language_tag: str, look: Look) -> Page:
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
    return Page(subject, heading, look.fill(("agenda.txt",), values),
                look.fill(("agenda.html",), values), language)


def render_sender_check(notice: SenderCheck, language_tag: str, look: Look) -> Page:
    """The question whether a mail is the reader's; else as ``render``."""
    language, locale = wording.known_language(language_tag), wording.locale_of(language_tag)
    translate = wording.catalogue(language).gettext
    zone, start = ZoneInfo(notice.timezone), notice.start or notice.at.date()
    if isinstance(start, datetime) and start.tzinfo is None:
        start = start.replace(tzinfo=zone)
    what = notice.title or notice.host
    days, times = wording.shown_spans([(start, start)], zone, locale)
    zone_words = wording.zone_words(start, zone, locale)
    subject = translate(wording.SENDER_CHECK_SUBJECT) % {
        "what": what, "when": wording.beginning(start, zone, locale)}
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
    return Page(subject, what, look.fill(("sender-check.txt", "mail.txt"), values),
                look.fill(("sender-check.html", "mail.html"), values), language)


def _before(notice: Notice, zone: ZoneInfo, locale: Locale, translate: wording.Translate) -> list[tuple[str, str]]:
    """When the invitee of a group was to come before."""
    if notice.former_start is None:
        return []
    return [(translate("Before"), wording.short_moment(notice.former_start, zone, locale))]


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
    hosts = "\n".join(host.shown_name for host in (notice.host, *notice.other_hosts))
    # A host knows the others by the calendar.
    people = {"invitee": hosts, "host": invitee, "guest": f"{hosts}\n{booked.invitee_name}"}
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
    if (EVENTS[notice.event] and notice.event != "follow-up") or notice.event == "unseat":
        return [(translate("Manage my booking"), notice.manage_url)]
    return [(translate("Book another time"), notice.book_url)]
