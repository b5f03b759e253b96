"""Passwords for programs: one each, that can be limited, expires, and can be taken back alone."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.domain.principal import NOBODY
from radicale_booking.errors import InvalidInput, NotFound
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.tokens import TokenRow

PREFIX = "rbt_"
SCOPES = ("full", "read")
_USED_EVERY = timedelta(hours=1)


@again.if_undone
def add(app: Adapters, user: str, name: str, scope: str = "full", expires: datetime | None = None) -> str:
    """A new token of ``user`` for what ``name`` says; it is told this once. Raises ``NotFound`` or ``InvalidInput``."""
    if scope not in SCOPES:
        raise InvalidInput("scope", scope, "is not known", f"one of {', '.join(SCOPES)}")
    token = PREFIX + secrets.token_urlsafe(24)
    with app.store.write(actor="command", principal=user) as uow:
        principal = uow.principals.get(user)
        if principal is None:
            raise NotFound("user", user)
        if expires is not None and expires <= uow.now:
            raise InvalidInput("expires", expires.isoformat(), "is in the past", "give a later time")
        uow.tokens.add(principal, name, _hash(token), scope, expires)
        uow.audit.add("token add", user, {"name": name, "scope": scope})
    return token


@again.if_undone
def listed(app: Adapters, user: str | None = None) -> list[TokenRow]:
    """All tokens, or those of one user."""
    with app.store.read() as uow:
        return uow.tokens.list(user)


@again.if_undone
def revoke(app: Adapters, token_id: int) -> None:
    """Raises ``NotFound``."""
    with app.store.write(actor="command", principal=NOBODY) as uow:
        if not uow.tokens.remove(token_id):
            raise NotFound("token", str(token_id))
        uow.audit.add("token revoke", str(token_id))


@again.if_undone
def scope_of(app: Adapters, user: str, given: str) -> str | None:
    """What whoever signs in as ``user`` with ``given`` may do; None where it is no token of the user."""
    if not given.startswith(PREFIX):
        return None
    with app.store.read() as uow:
        found = uow.tokens.by_hash(_hash(given))
        stale = found is not None and (found.used is None or uow.now - found.used > _USED_EVERY)
    if found is None or found.user != user:
        return None
    if stale:
        with app.store.write(actor=user, principal=NOBODY) as uow:
            uow.tokens.used(found.id)
    return found.scope


def _hash(token: str) -> str:
    # As random as a key: guessing it is hopeless, however quickly it is hashed.
    return hashlib.sha256(token.encode()).hexdigest()
