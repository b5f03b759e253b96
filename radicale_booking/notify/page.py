"""What a mail says, as text and as HTML, by templates that a sysadmin may replace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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

from radicale_booking.domain.notice import EVENTS, Notice
from radicale_booking.errors import DeliveryFailed, InvalidInput
from radicale_booking.notify import wording


@dataclass(frozen=True, slots=True)
class Page:
    """The parts of a mail that people read; ``subject`` and ``what`` are one line, ``language`` a catalogue's."""

    subject: str
    what: str
    text: str
    html: str
    language: str


def render(notice: Notice, language_tag: str, templates: str) -> Page:
    """``notice`` in the language of ``language_tag``; files in the folder ``templates``, if any, go before ours.

    Raises ``InvalidInput`` for an unknown event, ``DeliveryFailed`` when a template cannot be used.
    """
    if notice.event not in EVENTS:
        raise InvalidInput("event", notice.event, "is not known", f"one of {', '.join(EVENTS)}")
    language, locale = wording.known_language(language_tag), wording.locale_of(language_tag)
    zone = ZoneInfo(notice.timezone)
    translate = wording.catalogue(language).gettext
    names = {"invitee": notice.reservation.invitee_name, "host": notice.host.shown_name}
    other = names["host" if notice.role == "invitee" else "invitee"]
    what = translate("%(title)s with %(name)s") % {"title": notice.reservation.title, "name": other}
    subject = translate(wording.SUBJECTS[notice.event]) % {
        "what": what, "when": wording.short_moment(notice.reservation.start, zone, locale)}
    values: dict[str, object] = {
        "notice": notice, "subject": subject, "language": language,
        "heading": translate(wording.HEADINGS[notice.event, notice.role]) % names,
        "facts": _facts(notice, translate, zone, locale), "hint": _hint(notice, translate),
        "links": _links(notice, translate),
    }
    stem = f"{notice.event}-{notice.role}"
    return Page(subject, what, _fill(templates, (f"{stem}.txt", "mail.txt"), values),
                _fill(templates, (f"{stem}.html", "mail.html"), values), language)


def _facts(notice: Notice, translate: wording.Translate, zone: ZoneInfo, locale: Locale) -> list[tuple[str, str]]:
    """Label and value of what there is to know, in order."""
    booked = notice.reservation
    days = [wording.day(occurrence.start, zone, locale) for occurrence in (booked, *notice.others)]
    times = [" – ".join(wording.clock_time(moment, zone, locale) for moment in (occurrence.start, occurrence.end))
             for occurrence in (booked, *notice.others)]
    moments = ([*days, times[0]] if len(set(times)) == 1 else
               [f"{day}, {time}" for day, time in zip(days, times, strict=True)])
    when = "\n".join([*moments, f"{wording.zone_title(booked.start, zone, locale)} ({zone.key})"])
    person = (notice.host.shown_name if notice.role == "invitee"
              else f"{booked.invitee_name} <{booked.invitee_email}>")
    facts = [(translate("What"), booked.title), (translate("When"), when), (translate("With"), person),
             (translate("Where"), booked.location), (translate("Note"), booked.note),
             (translate("Reason"), booked.reason)]
    return [(label, value) for label, value in facts if value]


def _hint(notice: Notice, translate: wording.Translate) -> str:
    if notice.role != "host" or not EVENTS[notice.event]:
        return ""
    if notice.reservation.status == "pending":
        return translate("To confirm, set the event in your calendar to confirmed; to decline, remove it.")
    return translate("The event is in your calendar. Move it to change the time, remove it to cancel.")


def _links(notice: Notice, translate: wording.Translate) -> list[tuple[str, str]]:
    if notice.role == "host":
        return []
    if EVENTS[notice.event]:
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
