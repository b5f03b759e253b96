"""The data: the database, backups, mail that waits, hosts and what cannot be read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from radicale_booking import again, drill
from radicale_booking.doctor import bookings
from radicale_booking.doctor.finding import ERROR, NOTE, OK, WARNING, Finding
from radicale_booking.errors import StoreUnavailable
from radicale_booking.services import backup, maintenance_mode, windows
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.backup import Archive
from radicale_booking.services.figures import figures

_MAIL_WAITS = timedelta(hours=1)
_DRILL_EVERY = timedelta(days=40)
_USUAL_BACKUP = timedelta(hours=24)
_CONTINUOUS_AT_LEAST_EVERY = timedelta(hours=26)
#: Machines that share a database may differ so much.
_CLOCKS_DIFFER = timedelta(minutes=5)


def examine(app: Adapters) -> Iterator[Finding]:
    """The database is left as it is; where it cannot be used, that is all there is to say."""
    file = app.settings.database_file
    if file is not None and not file.exists():
        yield Finding("database", NOTE, f"{file} does not exist yet", "the first user or start makes it")
        return
    try:
        state = app.store.schema_state()
        if state.pending:
            yield Finding("migrations", WARNING, f"{state.pending} pending", "radicale-booking db migrate")
            return
        yield Finding("migrations", OK, f"schema {state.applied}")
        problems = app.store.check()
    except StoreUnavailable as error:
        yield Finding("database", ERROR, error.reason, "see the runbooks in docs/")
        return
    if problems:
        yield Finding("database", ERROR, "; ".join(problems[:5]), "restore a backup: radicale-booking backup restore")
    else:
        yield Finding("database", OK, f"sound, {app.store.size_octets() // 1024} KiB")
    yield from _held_still(app)
    yield from _ahead(app)
    yield from _durability(app)
    yield from _backups(app, app.clock())
    yield from _mail(app)
    yield from _mail_that_is_off(app)
    yield from _hosts(app)
    yield from bookings.examine(app)


def _held_still(app: Adapters) -> Iterator[Finding]:
    """So that nobody forgets it."""
    found = maintenance_mode.state(app)
    if found is not None:
        yield Finding("maintenance mode", WARNING, f"{found.mode} since {found.since:%Y-%m-%d %H:%M} UTC",
                      "radicale-booking maintenance off")


@again.if_undone
def _ahead(app: Adapters) -> Iterator[Finding]:
    """Only a clock that was ahead, or is behind now, dates anything later than now."""
    with app.store.read() as uow:
        row = uow.one("figures", "latest")
        latest = datetime.fromtimestamp(row["epoch"], UTC) if row is not None and row["epoch"] is not None else uow.now
    if latest - uow.now > _CLOCKS_DIFFER:
        yield Finding("dates", WARNING, f"something was done at {latest:%Y-%m-%d %H:%M} UTC, which is to come",
                      "the clock was ahead, or is behind: see the runbook \"The clock is wrong\"")


def _durability(app: Adapters) -> Iterator[Finding]:
    """The journal that a file has is kept in it; how each of our connections writes is our own doing."""
    file = app.settings.database_file
    if file is None:
        return
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
    finally:
        connection.close()
    if journal != "wal":
        yield Finding("durability", WARNING, f"the journal is {journal}, not WAL", "radicale-booking db migrate")
    else:
        yield Finding("durability", OK, "WAL, every commit is written through")


def _backups(app: Adapters, now: datetime) -> Iterator[Finding]:
    made = backup.archives(app.settings.backup_folder)
    yield from _continuous_copy(app, made, now)
    if not made:
        yield Finding("backup", WARNING, "there is none",
                      "radicale-booking backup create, and [backup] every_hours = 24")
        return
    early = [one.path.name for one in made if one.made - now > _CLOCKS_DIFFER]
    if early:
        yield Finding("backup dates", WARNING, f"of times to come: {', '.join(early[:5])}",
                      "the clock was ahead: move them out of the folder, or they are taken for the newest")
    age = now - made[0].made
    allowed = timedelta(hours=app.settings.backup.every_hours) if app.settings.backup.every_hours else _USUAL_BACKUP
    detail = f"{made[0].path.name}, {_words(age)} old"
    if age > allowed * 1.5:
        yield Finding("backup", WARNING, detail, "radicale-booking backup create; look why none was made")
    else:
        yield Finding("backup", OK, detail)
    drills = [found for one in made if (found := drill.last(app, one)) is not None]
    newest = max((datetime.fromisoformat(found["began"]) for found in drills), default=None)
    if newest is None or now - newest > _DRILL_EVERY:
        yield Finding("backup drill", WARNING, "none" if newest is None else f"{_words(now - newest)} ago",
                      "radicale-booking backup verify")
    elif any(not found["passed"] for found in drills if datetime.fromisoformat(found["began"]) == newest):
        yield Finding("backup drill", ERROR, "the last one failed", "radicale-booking backup verify shows why")
    else:
        yield Finding("backup drill", OK, f"{_words(now - newest)} ago")


def _continuous_copy(app: Adapters, made: list[Archive], now: datetime) -> Iterator[Finding]:
    """It begins anew once a day, also where nothing is written."""
    if not app.settings.backup.continuous_seconds:
        return
    newest = max((one.made for one in made if one.continuous), default=None)
    if newest is None or now - newest > _CONTINUOUS_AT_LEAST_EVERY:
        yield Finding("continuous copy", WARNING, "there is none" if newest is None else f"{_words(now - newest)} old",
                      "is the server or a worker running? its log says why it does not go on")
    else:
        yield Finding("continuous copy", OK, f"{_words(now - newest)} old")


def _mail(app: Adapters) -> Iterator[Finding]:
    found = figures(app)
    if found.failed_mail:
        yield Finding("failed mail", WARNING, f"{found.failed_mail} given up",
                      "radicale-booking mail list --status failed")
    waited = timedelta(seconds=found.oldest_mail_seconds)
    if waited > _MAIL_WAITS:
        yield Finding("outbox", WARNING, f"{found.queued_mail} waiting, the oldest for {_words(waited)}",
                      "radicale-booking mail list says why; is a worker running?")
    else:
        yield Finding("outbox", OK, f"{found.queued_mail} waiting")


@again.if_undone
def _mail_that_is_off(app: Adapters) -> Iterator[Finding]:
    """Event types that want mail which nobody sends; nobody can book those that wait for an answer to one."""
    if app.mailer is not None:
        return
    with app.store.read() as uow:
        offered = [one for host in uow.principals.all() for one in uow.event_types.all(host.name) if not one.closed]
    wanted = {"answers to mail": [one for one in offered if one.confirm_email],
              "reminders": [one for one in offered if one.reminders],
              "follow-ups": [one for one in offered if one.follow_up is not None]}
    said = [f"{what} ({', '.join(f'{one.host}/{one.slug}' for one in found[:5])})"
            for what, found in wanted.items() if found]
    if said:
        level = ERROR if wanted["answers to mail"] else WARNING
        yield Finding("wanted mail", level, f"no mail is sent, but event types want {'; '.join(said)}",
                      "set [mail] host in the configuration, or change them: radicale-booking event-type set")


@again.if_undone
def _hosts(app: Adapters) -> Iterator[Finding]:
    with app.store.read() as uow:
        hosts = [one for one in uow.principals.all() if one.host]
        idle = []
        for host in hosts:
            assert host.id is not None  # noqa: S101 - read from the store
            bookable = uow.collections.by_role(host.id, "bookable")
            drawn = bookable is not None and bool(uow.items.hrefs(bookable.id))
            if not drawn and not host.availability:
                idle.append(host.name)
    if idle:
        yield Finding("hours", WARNING, f"no bookable hours: {', '.join(idle)}",
                      "they draw events into their calendar \"Bookable hours\"")
    unread = [f"{host.name}: {problem.line}" for host in hosts for problem in windows.problems(app, host.name)]
    if unread:
        yield Finding("window settings", WARNING, f"cannot be read: {'; '.join(unread[:5])}",
                      "radicale-booking host show NAME says what is accepted")
    broken = [f"{host.name}: {address}" for host in hosts for address, _ in windows.unreadable(app, host.name)]
    if broken:
        yield Finding("calendar objects", WARNING, f"block time as they cannot be read: {'; '.join(broken[:5])}",
                      "radicale-booking host show NAME says why; correct or remove them")
    if not (idle or unread or broken):
        yield Finding("hosts", OK, f"{len(hosts)}, all with hours that can be read")


def _words(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.0f} days"
