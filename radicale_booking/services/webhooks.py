"""Webhooks: what is posted about bookings, to whom, and the log of it."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from radicale_booking import again
from radicale_booking.domain.principal import NOBODY
from radicale_booking.domain.reservation import Reservation
from radicale_booking.domain.webhook import NAMES, Attempt, Webhook, checked_events, checked_url
from radicale_booking.errors import DeliveryFailed, NotFound, StoreUnavailable
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.outbox import OutboxRow
    from radicale_booking.store.unit_of_work import UnitOfWork

KIND = "webhook"
_SECRET_OCTETS = 32


@again.if_undone
def add(app: Adapters, url: str, events: list[str], host: str | None = None) -> Webhook:
    """A new webhook with a secret of its own. Raises ``InvalidInput`` or ``NotFound``."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_OCTETS)).decode()
    webhook = Webhook(checked_url(url), secret, checked_events(events), host)
    with app.store.write(actor="command") as uow:
        owner = uow.principals.get(host) if host is not None else None
        if host is not None and owner is None:
            raise NotFound("host", host)
        number = uow.webhooks.add(webhook, owner.id if owner is not None else None)
        uow.audit.add("webhook add", str(number), {"url": url})
        return replace(webhook, id=number, created=uow.now)


@again.if_undone
def all_of(app: Adapters) -> list[Webhook]:
    """Every webhook in the order of making."""
    with app.store.read() as uow:
        return uow.webhooks.all()


@again.if_undone
def remove(app: Adapters, webhook_id: int) -> None:
    """Raises ``NotFound``."""
    with app.store.write(actor="command") as uow:
        if not uow.webhooks.remove(webhook_id):
            raise NotFound("webhook", str(webhook_id))
        uow.audit.add("webhook remove", str(webhook_id))


@again.if_undone
def log(app: Adapters, status: str | None = None) -> list[tuple[OutboxRow, list[Attempt]]]:
    """Every delivery with its attempts, the oldest first; of every status where ``status`` is None."""
    with app.store.read() as uow:
        return [(row, uow.webhooks.attempts(row.id)) for row in uow.outbox.list(KIND, status)]


@again.if_undone
def replay(app: Adapters, delivery_id: int | None = None) -> int:
    """Queue one delivery again, or all that were given up; how many. One that waits is tried now. Raises
    ``NotFound``."""
    with app.store.write(actor="command") as uow:
        if delivery_id is None:
            count = uow.outbox.retry(KIND)
        elif uow.outbox.replay(KIND, delivery_id) or uow.outbox.hasten(KIND, delivery_id):
            count = 1
        else:
            raise NotFound("delivery", str(delivery_id))
        uow.audit.add("webhook replay", str(delivery_id or "all"), {"count": count})
        return count


def queue(uow: UnitOfWork, found: Reservation, event: str, former_start: str = "") -> None:
    """Queue a delivery to every webhook that wants to know of ``event``."""
    assert found.id is not None  # noqa: S101 - stored by now
    name = NAMES[event]
    for webhook in uow.webhooks.of_reservation(found.id):
        if webhook.wants(name, found.hosts):
            who = f"{found.uid}/{found.seat}" if found.seat else found.uid
            key = f"webhook/{webhook.id}/{who}/{found.sequence}/{event}"
            # What becomes of one booking is told in order; other bookings do not wait for it.
            uow.outbox.add(KIND, key, f"{webhook.id}/{found.uid}", {
                "event": name, "webhook": webhook.id, "uid": found.uid,
                "body": json.dumps(body(name, found, uow.now, former_start), ensure_ascii=False)}, found.id)


def body(name: str, found: Reservation, at: datetime, former_start: str = "") -> dict[str, Any]:
    """What is posted, as docs/webhooks.md says; instants are UTC."""
    reservation: dict[str, Any] = {
        "uid": found.uid, "hosts": list(found.hosts), "event_type": found.slug, "title": found.title,
        "status": found.status, "start": _instant(found.start), "end": _instant(found.end),
        "sequence": found.sequence, "series": found.series, "seat": found.seat,
        "location": found.location, "note": found.note, "reason": found.reason, "answers": dict(found.answers),
        "guests": list(found.guests),
        "invitee": {"name": found.invitee_name, "email": found.invitee_email, "timezone": found.invitee_timezone,
                    "language": found.language},
    }
    if former_start:
        reservation["former_start"] = _instant(datetime.fromisoformat(former_start))
    return {"type": name, "timestamp": _instant(at), "data": reservation}


@dataclass(frozen=True)
class WebhookChannel:
    """Webhooks as a channel of deliveries; each body says how things were when it happened."""

    app: Adapters
    kind: str = KIND

    @property
    def max_attempts(self) -> int:
        return self.app.settings.webhooks.max_attempts

    @property
    def first_retry(self) -> timedelta:
        return timedelta(seconds=self.app.settings.webhooks.retry_seconds)

    def prepare(self, uow: UnitOfWork, row: OutboxRow) -> Callable[[], None] | str:
        webhook = uow.webhooks.get(int(row.payload["webhook"]))
        if webhook is None:
            return "the webhook was removed"
        return lambda: self._post(webhook, row)

    def rest(self) -> None:
        """Connections end with each delivery."""

    def _post(self, webhook: Webhook, row: OutboxRow) -> None:
        begun = monotonic()
        answer, error = None, ""
        try:
            answer = self.app.poster.post(webhook, row.delivery_key, self.app.clock(), str(row.payload["body"]))
            if not 200 <= answer < 300:
                error = f"answered {answer}"
        except DeliveryFailed as failure:
            error = failure.reason
            raise
        finally:
            attempt = Attempt(self.app.clock(), answer, error, int((monotonic() - begun) * 1000))
            # Its log may lack an attempt: what was posted must not be posted again for that.
            with contextlib.suppress(StoreUnavailable):
                self._note(row, attempt)
        if error:
            raise DeliveryFailed(f"{webhook.url} {error}", permanent=answer == 410)

    @again.if_undone
    def _note(self, row: OutboxRow, attempt: Attempt) -> None:
        with self.app.store.write(actor="worker", principal=NOBODY) as uow:
            uow.webhooks.note(row.id, attempt)


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
