"""What a mail says that brings an iTIP message to somebody elsewhere; else as ``page``."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from radicale_booking.domain.notice import InvitationNotice
from radicale_booking.notify import wording
from radicale_booking.notify.look import Look
from radicale_booking.notify.page import Page

_TONES = {"ACCEPTED": "good", "CANCEL": "over", "DECLINED": "over"}


def render(notice: InvitationNotice, language_tag: str, look: Look) -> Page:
    """``notice`` in the language of ``language_tag``. Raises ``DeliveryFailed`` when a template cannot be used."""
    language, locale = wording.known_language(language_tag), wording.locale_of(language_tag)
    translate, zone = wording.catalogue(language).gettext, ZoneInfo(notice.timezone)
    kind = _kind(notice)
    subject, heading, badge = wording.INVITATIONS[kind]
    start = notice.spans[0][0]
    days, times = wording.shown_spans(notice.spans, zone, locale)
    days += ["…"] if notice.more else []
    zone_words = wording.zone_words(start, zone, locale)
    details = _details(notice, translate)
    name = {"name": notice.sender_name}
    values: dict[str, object] = {
        "notice": notice, "language": language, "direction": locale.text_direction, "title": notice.summary,
        "subject": translate(subject) % {"what": notice.summary, "when": wording.beginning(start, zone, locale)},
        "heading": translate(heading) % name, "badge": translate(badge), "tone": _TONES.get(kind, "waiting"),
        "words": notice.remark, "days": days, "times": times, "zone": zone_words, "details": details, "links": [],
        "hint": translate(wording.INVITATION_HINT) % name if notice.method == "REQUEST" else "",
        "facts": [(translate("What"), notice.summary),
                  (translate("When"), "\n".join(filter(None, [*days, times, zone_words]))), *details],
    }
    return Page(str(values["subject"]), notice.summary, look.fill(("invitation.txt", "mail.txt"), values),
                look.fill(("invitation.html", "mail.html"), values), language)


def _kind(notice: InvitationNotice) -> str:
    if notice.method == "REPLY":
        return notice.partstat if notice.partstat in wording.INVITATIONS else "REPLY"
    if notice.method == "REQUEST" and notice.changed:
        return "CHANGED"
    return notice.method


def _details(notice: InvitationNotice, translate: wording.Translate) -> list[tuple[str, str]]:
    """Label and value of what there is to know besides what and when."""
    details = [(translate("With"), f"{notice.sender_name} <{notice.sender}>"),
               (translate("Where"), notice.location), (translate("Guests"), "\n".join(notice.people)),
               (translate("Note"), notice.description)]
    return [(label, value) for label, value in details if value]
