"""The composition root: the only place where adapters are built and put together."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from radicale.config import Configuration

from radicale_booking import settings as settings_module
from radicale_booking.domain.availability import Combined, combine
from radicale_booking.domain.booked_event import BookedEvent, EventChange, WindowText
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.item_index import ItemIndex
from radicale_booking.domain.principal import Principal
from radicale_booking.errors import StoreUnavailable
from radicale_booking.ical import availability, instances, new_reservation, reservation_event, scheduling, window_text
from radicale_booking.links import SignedLinks
from radicale_booking.meter import PrometheusMeter
from radicale_booking.notify import incoming
from radicale_booking.notify.mail import MailComposer
from radicale_booking.notify.smtp import SmtpMailer
from radicale_booking.notify.webhook import WebhookPoster
from radicale_booking.services.adapters import Adapters
from radicale_booking.settings import Settings
from radicale_booking.store.engine import Store, open_store
from radicale_booking.store.schema import SchemaState

_prepared: dict[Settings, Adapters] = {}
_lock = threading.Lock()


def utc_now() -> datetime:
    """The present instant, aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Site:
    """Everything one server process works with."""

    configuration: Configuration
    settings: Settings
    app: Adapters


@dataclass(frozen=True)
class ICalendarCodec:
    """iCalendar text as the services see it; occurrences are indexed within the settings' days."""

    past_days: int
    future_days: int

    def write(self, booked: BookedEvent) -> str:
        """See ``ical.reservation_event.write``."""
        return reservation_event.write(booked)

    def index_new(self, booked: BookedEvent) -> ItemIndex:
        """See ``ical.new_reservation.index``."""
        return new_reservation.index(booked)

    def rewrite(self, text: str, booked: BookedEvent) -> str:
        """See ``ical.reservation_event.rewrite``."""
        return reservation_event.rewrite(text, booked)

    def read_changes(self, text: str, uid: str) -> Sequence[EventChange]:
        """See ``ical.reservation_event.read_changes``."""
        return reservation_event.read_changes(text, uid)

    def windows(self, text: str) -> Sequence[WindowText]:
        """See ``ical.window_text.read``."""
        return window_text.read(text)

    def availability(self, text: str, frame: Interval, zone: ZoneInfo) -> Combined | None:
        """See ``domain.availability.combine``."""
        return combine(availability.read_availabilities(text, frame, zone), frame) if text else None

    def index(self, text: str, *, now: datetime, owner: Principal | None) -> ItemIndex:
        """See ``ical.instances.index``."""
        return instances.index(text, now=now, floating_zone=ZoneInfo(owner.timezone) if owner is not None else UTC,
                               addresses=owner.addresses if owner is not None else (),
                               past_days=self.past_days, future_days=self.future_days)


def load(config_path: str | Path | None = None, *, hosts: str = "") -> Site:
    """The site that the configuration file describes, its database ready for use.

    ``hosts`` (``ADDRESS:PORT``, …) replaces ``[server] hosts``. Raises ``InvalidSettings`` or ``StoreUnavailable``.
    """
    configuration, settings = settings_module.load(config_path, hosts=hosts)
    return Site(configuration, settings, _ready(settings))


def storage_adapters(configuration: Configuration) -> Adapters:
    """The adapters for a Radicale ``configuration``, shared by all plugins that name the same database."""
    return _ready(settings_module.of(configuration))


def adapters(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Adapters:
    """New adapters on the database of ``settings``, whose schema is left as it is; close their store when done."""
    _make_folder(settings.database_file.parent if settings.database_file is not None else settings.data_folder)
    meter = PrometheusMeter()
    return Adapters(
        store=open_store(settings.database, clock=clock, postgres=settings.postgres, waited=meter.waited),
        clock=clock,
        calendar=ICalendarCodec(settings.instance_past_days, settings.instance_future_days),
        scheduling=scheduling,
        links=SignedLinks(settings.secret_file, clock),
        settings=settings,
        composer=MailComposer(settings.mail, settings.page.colour),
        mailer=SmtpMailer(settings.mail) if settings.mail.host else None,
        poster=WebhookPoster(settings.webhooks),
        meter=meter,
        read_mail=incoming.read,
    )


def prepare(store: Store, settings: Settings, now: datetime, *, copied: bool = True) -> Path | None:
    """Bring the schema up to date; the path of the copy that was made before of a database that held data.

    Without ``copied`` none is made. Raises ``StoreUnavailable``; the database is as it was then.
    """
    state = store.schema_state()
    if not state.pending:
        return None
    copy = None
    if state.applied and copied:
        file = settings.database_file or settings.data_folder / "postgresql"
        copy = file.with_name(f"{file.name}.schema-{state.applied}.{now:%Y%m%dT%H%M%SZ}.backup")
        if not _copy(store, copy, state):
            copy = None
    store.migrate()
    return copy


def _copy(store: Store, copy: Path, state: SchemaState) -> bool:
    """Whether the database was still of ``state`` when ``copy`` was complete: another process may upgrade it too."""
    draft = copy.with_name(f".{copy.name}.{os.getpid()}")
    try:
        store.backup(draft)
        draft.chmod(0o600)
        if store.schema_state() != state:
            return False
        draft.replace(copy)
    except OSError as error:
        raise StoreUnavailable(f"no copy before the upgrade: {draft}: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return True


def release(app: Adapters) -> None:
    """Close the store of ``app``, which ``load`` or ``storage_adapters`` has opened, and forget it."""
    with _lock:
        _prepared.pop(app.settings, None)
        app.store.close()


def close() -> None:
    """Close every store that ``load`` and ``storage_adapters`` have opened."""
    with _lock:
        while _prepared:
            _, app = _prepared.popitem()
            app.store.close()


def _ready(settings: Settings) -> Adapters:
    with _lock:
        if settings not in _prepared:
            app = adapters(settings)
            prepare(app.store, settings, app.clock())
            app.store.schema_state().check()
            _prepared[settings] = app
        return _prepared[settings]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(f"folder {folder}: {error.strerror or error}") from error
