"""What is known of a person, given out and forgotten on request.

Backups made earlier keep what they hold until their rule removes them; restored, the request has to be repeated.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from radicale_booking import again
from radicale_booking.errors import InvalidInput
from radicale_booking.services import calendar_objects, life, requests
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

_ERASED = "erased"


@again.if_undone
def export(app: Adapters, email: str) -> dict[str, Any]:
    """Everything that is kept about the address, as JSON's types. Raises ``InvalidInput``."""
    email = requests.checked_email(email)
    with app.store.read() as uow:
        user = uow.principals.by_email(email)
        booked = [uow.reservations.get_by_uid(row["uid"]) for row in uow.persons.rows("reservations_of", email)]
        seats = [life.get(uow, row["uid"]) for row in uow.persons.rows("seats_of", email) if row["uid"]]
        return {
            "email": email,
            "user": None if user is None else {"name": user.name, "display_name": user.display_name,
                                               "description": user.description, "timezone": user.timezone},
            "reservations": [_reservation(one) for one in (*booked, *seats) if one is not None],
            "guest_of": [row["uid"] for row in uow.persons.rows("reservations_with_guest", email)],
            "mail": [{"kind": row["kind"], "status": row["status"], "created": _instant(row["created_epoch"]),
                      "sent": _instant(row["sent_epoch"]), "content": json.loads(row["payload"])}
                     for row in uow.persons.rows("mail_to", email)],
            "mail_taken": [{"received": row.received.isoformat(), "recipient": row.recipient, "status": row.status,
                            "content": row.content.decode("utf-8", "replace")} for row in uow.inbound.of_sender(email)],
            "audit": [{"at": _instant(row["at_epoch"]), "actor": row["actor"], "action": row["action"],
                       "subject": row["subject"], "detail": json.loads(row["detail"])}
                      for row in uow.persons.rows("audit_about", email)],
            "calendar_objects": [{"address": f"/{item.path}/{item.href}", "text": item.text}
                                 for item in uow.persons.items(email)],
        }


@again.if_undone
def erase(app: Adapters, email: str, *, cancel: bool = False) -> dict[str, int]:
    """Forget an invitee: what was touched, by kind. ``cancel``: cancel what is still to take place first.

    The times of bookings stay, and that something was done stays in the audit trail. Raises ``InvalidInput`` for a
    user of the server, and where something is still to take place.
    """
    email = requests.checked_email(email)
    _refuse_user(app, email)
    coming = _coming(app, email)
    if coming and not cancel:
        raise InvalidInput("email", email, f"has {len(coming)} booking(s) to come",
                           "wait for them, or cancel them with --cancel")
    for uid in coming:
        life.cancel(app, uid, "command")
    with app.store.write(actor="command") as uow:
        done = {"mail": uow.persons.erase_mail(email) + uow.inbound.erase(email),
                "reservations": 0, "seats": 0, "guests": 0}
        shared = set()
        for row in uow.persons.rows("seats_of", email):
            uow.persons.erase_seat(row["id"])
            shared.add(row["reservation_uid"])
            done["seats"] += 1
        for uid in sorted(shared | {row["uid"] for row in uow.persons.rows("reservations_of", email)}):
            _erase_reservation(app, uow, uid)
            done["reservations"] += 1
        for row in uow.persons.rows("reservations_with_guest", email):
            uow.persons.erase_guest(row, email)
            done["guests"] += 1
        done["calendar_objects"] = _clear_objects(app, uow, email)
        done["audit"] = _clear_audit(uow, email)
        uow.audit.add("privacy erase", "person", done)
        return done


def erase_past(app: Adapters, uow: UnitOfWork, most: int) -> int:
    """Make at most ``most`` reservations anonymous that are older than their event type, or the settings, say; how
    many."""
    uids: list[str] = []
    for event_type in uow.event_types.of_everybody():
        days = app.settings.keep_reservations_days if event_type.keep_days is None else event_type.keep_days
        if days and event_type.id is not None and len(uids) < most:
            uids += uow.maintenance.past_reservations(event_type.id, uow.now - timedelta(days=days), most - len(uids))
    for uid in uids:
        found = uow.reservations.get_by_uid(uid)
        assert found is not None and found.id is not None  # noqa: S101, PT018 - read a moment ago
        uow.persons.erase_seats(found.id)
        _erase_reservation(app, uow, uid)
    return len(uids)


def _erase_reservation(app: Adapters, uow: UnitOfWork, uid: str) -> None:
    """Leave its times, in the database alone: the object in the hosts' calendars goes, or is written anew for others
    who have a seat."""
    found = uow.reservations.get_by_uid(uid)
    assert found is not None and found.id is not None  # noqa: S101, PT018 - read in this transaction
    for name in (found.host, *found.other_hosts):
        host = uow.principals.get(name)
        kept = calendar_objects.find(uow, host, found.calendar_uid) if host is not None else None
        if kept is not None:
            calendar, item = kept
            uow.items.delete(calendar.id, item.href)
    uow.persons.erase_reservation(found.id)
    left = uow.reservations.get_by_uid(uid)
    if left is not None and left.live and left.end > uow.now:
        calendar_objects.write(app, uow, uow.reservations.event_type_of(left), left)


def _refuse_user(app: Adapters, email: str) -> None:
    with app.store.read() as uow:
        user = uow.principals.by_email(email)
    if user is not None:
        raise InvalidInput("email", email, f"is that of the user {user.name}", f"use: user remove {user.name}")


def _coming(app: Adapters, email: str) -> list[str]:
    """The uids of what is still to take place."""
    with app.store.read() as uow:
        seats = uow.persons.rows("seats_of", email)
        shared = {row["reservation_uid"] for row in seats}
        uids = [row["uid"] for row in seats if row["uid"]]
        uids += [row["uid"] for row in uow.persons.rows("reservations_of", email) if row["uid"] not in shared]
        found = [(uid, life.get(uow, uid)) for uid in uids]
        return [uid for uid, one in found if one.live and one.end > uow.now]


def _clear_objects(app: Adapters, uow: UnitOfWork, email: str) -> int:
    count = 0
    for item in uow.persons.items(email):
        text = app.scheduling.without_person(item.text, email)
        if text == item.text:
            continue
        collection = uow.collections.by_id(item.collection_id)
        owner = uow.principals.owner_of(collection) if collection is not None else None
        uow.items.store(item.collection_id, href=item.href, uid=item.uid, name=item.name, component=item.component,
                        text=text, index=app.calendar.index(text, now=uow.now, owner=owner))
        count += 1
    return count


def _clear_audit(uow: UnitOfWork, email: str) -> int:
    """The entries stay, without the address."""
    address = re.compile(re.escape(email), re.IGNORECASE)
    rows = uow.persons.rows("audit_about", email)
    for row in rows:
        uow.persons.set_audit(row["id"], address.sub(_ERASED, row["subject"]), address.sub(_ERASED, row["detail"]))
    return len(rows)


def _reservation(found: Any) -> dict[str, Any]:
    return {"uid": found.seat or found.uid, "event_type": f"{found.host}/{found.slug}", "title": found.title,
            "status": found.status, "start": found.start.isoformat(), "end": found.end.isoformat(),
            "name": found.invitee_name, "timezone": found.invitee_timezone, "language": found.language,
            "note": found.note, "answers": dict(found.answers), "guests": list(found.guests),
            "location": found.location, "created": found.created.isoformat()}


def _instant(epoch: int | None) -> str | None:
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC).isoformat()
