"""Links that open private event types, once or for all who have them."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.domain.event_type import EventType
from radicale_booking.errors import InvalidInput, LinkExpired, NotFound
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.booking_links import BookingLink
    from radicale_booking.store.unit_of_work import UnitOfWork


@again.if_undone
def create(app: Adapters, host: str, slug: str, *, single_use: bool = False, expires: datetime | None = None) -> str:
    """The address of a new link for the event type; ``expires`` is aware. Raises ``NotFound`` or ``InvalidInput``."""
    token = secrets.token_urlsafe(24)
    with app.store.write(actor="command", principal=host) as uow:
        event_type = uow.event_types.get(host, slug)
        if event_type is None:
            raise NotFound("event type", slug)
        if not event_type.private:
            raise InvalidInput("event type", slug, "is open to everybody", "make it private first")
        if expires is not None and expires <= uow.now:
            raise InvalidInput("expires", expires.isoformat(), "is in the past", "give a later time")
        uow.booking_links.add(event_type, _hash(token), single_use=single_use, expires=expires)
        uow.audit.add("link add", f"{host}/{slug}", {"single_use": single_use})
    return f"{app.settings.public_url}/book/{host}/{slug}/?link={token}"


def checked(uow: UnitOfWork, event_type: EventType, token: str | None) -> BookingLink | None:
    """The link that opens ``event_type``; None where none is needed.

    Raises ``NotFound`` without a link of this event type, ``LinkExpired`` when it was used up or is too old.
    """
    if not event_type.private:
        return None
    link = uow.booking_links.get(event_type, _hash(token)) if token else None
    if link is None:
        raise NotFound("event type", event_type.slug)
    _check(uow, link)
    return link


def use(uow: UnitOfWork, link_id: int) -> None:
    """Book by a link that was ``checked`` before. Raises ``LinkExpired`` when it cannot be used any more."""
    link = uow.booking_links.by_id(link_id)
    if link is None:
        raise LinkExpired("book", "the link is there no more")
    _check(uow, link)
    uow.booking_links.use(link)


def _check(uow: UnitOfWork, link: BookingLink) -> None:
    if (link.single_use and link.used is not None) or (link.expires is not None and link.expires <= uow.now):
        raise LinkExpired("book", "the link was used or is too old")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
