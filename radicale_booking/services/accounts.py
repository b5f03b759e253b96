"""Users, their passwords, and what a host has."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from passlib.apache import HtpasswdFile
from passlib.context import CryptContext

from radicale_booking import again
from radicale_booking.domain.principal import AUTO_SCHEDULE_MODES, RESERVED_NAMES, Principal
from radicale_booking.errors import InvalidInput, NotFound, StoreUnavailable
from radicale_booking.mail_settings import LANGUAGES
from radicale_booking.services import agenda, requests
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.holidays import checked_code

if TYPE_CHECKING:
    from radicale_booking.store.collections import CollectionRow
    from radicale_booking.store.unit_of_work import UnitOfWork

#: Whoever can be booked is booked by an invitation too.
_HOSTS_MODE = "automatic"
_LONGEST_NAME = 100
_LONGEST_PASSWORD_OCTETS = 1024
_CALENDAR_PROPS = {"C:supported-calendar-component-set": "VEVENT"}
_BOOKABLE_PROPS = _CALENDAR_PROPS | {"D:displayname": "Bookable hours", "C:schedule-calendar-transp": "transparent"}
_DEFAULT_PROPS = _CALENDAR_PROPS | {"D:displayname": "Calendar"}
# Radicale's "autodetect" knows argon2 and bcrypt by their prefix.
_HASHES = CryptContext(schemes=["argon2", "bcrypt"])


@again.if_undone
def add_user(app: Adapters, name: str, email: str, timezone: str, password: str, host: bool = False) -> Principal:
    """A new user who can sign in with ``password``, and be booked if ``host``. Raises ``InvalidInput``."""
    principal = Principal(name=checked_name(name), email=requests.checked_email(email).lower(),
                          timezone=requests.checked_timezone(timezone), host=host,
                          auto_schedule=_HOSTS_MODE if host else "none")
    _check_password(password)
    with app.store.write(actor="command", principal=name) as uow:
        if uow.principals.get(name) is not None:
            raise InvalidInput("name", name, "is the name of another user", "choose another")
        if uow.principals.by_email(principal.email or "") is not None:
            raise InvalidInput("email", principal.email or "", "belongs to another user", "choose another")
        added = uow.principals.add(principal)
        if uow.collections.get(name) is None:
            uow.collections.add(name)
        if host:
            make_collections(uow, added)
        uow.audit.add("user add", name, {"host": host})
        # Last inside the transaction: a file that cannot be written leaves no user behind.
        _write_password(app, name, password)
    return added


@again.if_undone
def set_password(app: Adapters, name: str, password: str) -> None:
    """Raises ``NotFound`` or ``InvalidInput``."""
    _check_password(password)
    with app.store.write(actor="command", principal=name) as uow:
        _user(uow, name)
        uow.audit.add("user passwd", name)
        _write_password(app, name, password)


@again.if_undone
def remove_user(app: Adapters, name: str) -> None:
    """Remove the user with all calendars and bookings. Raises ``NotFound``."""
    with app.store.write(actor="command", principal=name) as uow:
        _user(uow, name)
        home = uow.collections.get(name)
        if home is not None:
            uow.collections.remove(home)
        uow.principals.remove(name)
        uow.audit.add("user remove", name)
        _write_password(app, name, None)


@again.if_undone
def list_users(app: Adapters) -> list[Principal]:
    """All users in order of their names."""
    with app.store.read() as uow:
        return uow.principals.all()


@again.if_undone
def enable_host(app: Adapters, name: str, holidays: str | None = None,
                auto_schedule: str | None = None, free_busy_url: bool | None = None,
                agenda_time: str | None = None, language: str | None = None) -> Principal:
    """Make the user ``name`` bookable, with bookable hours and a default calendar.

    ``holidays``: the country whose public holidays are days off, empty for none; None leaves it.
    ``auto_schedule``: one of ``AUTO_SCHEDULE_MODES``; None leaves it, or is automatic for a new host.
    ``free_busy_url``: whether ``/freebusy/`` tells everybody when the host is busy; None leaves it.
    ``agenda_time``: local time of the daily mail, empty for none; ``language``: tag of the language of mail, empty for
    the site's; None leaves them.
    Raises ``NotFound`` or ``InvalidInput``.
    """
    if auto_schedule is not None and auto_schedule not in AUTO_SCHEDULE_MODES:
        raise InvalidInput("auto_schedule", auto_schedule, "is not known", f"one of {', '.join(AUTO_SCHEDULE_MODES)}")
    with app.store.write(actor="command", principal=name) as uow:
        user = _user(uow, name)
        principal = replace(user, host=True, auto_schedule=auto_schedule or (user.auto_schedule if user.host
                                                                             else _HOSTS_MODE))
        if holidays is not None:
            principal = replace(principal, holidays=checked_code(holidays) if holidays else "")
        if free_busy_url is not None:
            principal = replace(principal, free_busy_url=free_busy_url)
        if agenda_time is not None:
            principal = replace(principal, agenda=agenda.checked_time(agenda_time))
        if language is not None:
            principal = replace(principal, language=_checked_language(language))
        uow.principals.update(principal)
        make_collections(uow, principal)
        uow.audit.add("host enable", name)
        return principal


def _checked_language(tag: str) -> str:
    if tag and tag not in LANGUAGES:
        raise InvalidInput("language", tag, "is not known", f"one of {', '.join(LANGUAGES)}")
    return tag


def default_calendar(uow: UnitOfWork, principal: Principal) -> CollectionRow:
    """Where invitations go: the default calendar, else the first for events, made where there is none."""
    assert principal.id is not None  # noqa: S101 - read from the store
    chosen = uow.collections.by_role(principal.id, "default")
    if chosen is not None:
        return chosen
    for calendar in uow.collections.of_principal(principal.id):
        kinds = calendar.props.get("C:supported-calendar-component-set", "VEVENT")
        if calendar.tag == "VCALENDAR" and calendar.role is None and "VEVENT" in kinds:
            return calendar
    if uow.collections.get(principal.name) is None:
        uow.collections.add(principal.name)
    return uow.collections.add(_free_path(uow, f"{principal.name}/calendar"), "VCALENDAR", _DEFAULT_PROPS, "default")


def make_collections(uow: UnitOfWork, principal: Principal) -> CollectionRow:
    """Make what the host lacks of home, bookable hours and default calendar; the default calendar."""
    assert principal.id is not None  # noqa: S101 - read from the store
    if uow.collections.get(principal.name) is None:
        uow.collections.add(principal.name)
    if uow.collections.by_role(principal.id, "bookable") is None:
        uow.collections.add(_free_path(uow, f"{principal.name}/bookable"), "VCALENDAR", _BOOKABLE_PROPS, "bookable")
    calendar = uow.collections.by_role(principal.id, "default")
    if calendar is None:
        calendar = uow.collections.add(_free_path(uow, f"{principal.name}/calendar"), "VCALENDAR", _DEFAULT_PROPS,
                                       "default")
    return calendar


def checked_name(name: str) -> str:
    """``name`` if a user may be called so: it is the first word of the user's addresses. Raises ``InvalidInput``."""
    if not name or len(name) > _LONGEST_NAME:
        raise InvalidInput("name", name[:40], f"must have 1 to {_LONGEST_NAME} characters", "choose another")
    if name != name.strip() or name.startswith(".") or any(c in "/\\:?#%" or not c.isprintable() for c in name):
        raise InvalidInput("name", name, "has a leading dot, outer spaces, control characters or one of / \\ : ? # %",
                           "use letters, digits, dots and hyphens")
    if name.lower() in RESERVED_NAMES:
        raise InvalidInput("name", name, "is used by the server itself", "choose another")
    return name


def _free_path(uow: UnitOfWork, path: str) -> str:
    number, free = 1, path
    while uow.collections.get(free) is not None:
        number += 1
        free = f"{path}-{number}"
    return free


def _user(uow: UnitOfWork, name: str) -> Principal:
    principal = uow.principals.get(name)
    if principal is None:
        raise NotFound("user", name)
    return principal


def _check_password(password: str) -> None:
    if not password:
        raise InvalidInput("password", "", "is empty", "give one")
    if len(password.encode()) > _LONGEST_PASSWORD_OCTETS or "\0" in password:
        raise InvalidInput("password", "", "is too long or has a zero octet", "choose another")


def _write_password(app: Adapters, name: str, password: str | None) -> None:
    """Set the hash of ``name`` in the users' file (mode 0600), or take the user out; the file is replaced whole."""
    path = app.settings.users_file
    try:
        users = HtpasswdFile(str(path), new=not path.exists(), encoding="utf-8", context=_HASHES)
        if password is None:
            users.delete(name)
        else:
            users.set_hash(name, _HASHES.hash(password))
        _replace(path, users.to_string())
    except OSError as error:
        raise StoreUnavailable(f"users file {path}: {error.strerror or error}") from error


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
