"""The drill: restore an archive into scratch, serve from it, and write down what was found.

It is the proof that a backup is one. Nothing of the running site is touched, and no mail leaves the scratch site.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import radicale.item
from vobject.base import VObjectError
from werkzeug.test import Client

from radicale_booking import again, wiring, wsgi
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.principal import Principal
from radicale_booking.errors import BookingError, NotFound
from radicale_booking.services import backup, booking
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.backup import DATABASES, SECRET, USERS, Archive
from radicale_booking.services.backup_manifest import Manifest, TableDigest
from radicale_booking.services.requests import BookingRequest

_PURPOSE = "backup drill"
_SAMPLE_OWNERS = 5
_SAMPLE_ITEMS = 5
_SAMPLE_DAYS = 14


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Drill:
    """What came out. ``rpo``: what would be lost if the site ended now, the age of the archive when the drill began.
    ``rto``: from the archive to the first answers."""

    archive: Archive
    began: datetime
    rpo: timedelta
    rto: timedelta
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether everything did."""
        return all(finding.passed for finding in self.findings)

    def as_record(self) -> dict[str, Any]:
        """JSON's form of it."""
        return {"archive": self.archive.path.name, "made": self.archive.made.isoformat(),
                "began": self.began.isoformat(), "passed": self.passed,
                "rpo_seconds": round(self.rpo.total_seconds()), "rto_seconds": round(self.rto.total_seconds(), 2),
                "findings": [{"name": one.name, "passed": one.passed, "detail": one.detail} for one in self.findings]}


def run(app: Adapters, one: Archive, identity_file: str) -> Drill:
    """Try the archive, and keep the signed evidence beside it. Raises ``InvalidInput`` when it cannot be opened."""
    began, start = app.clock(), time.monotonic()
    with backup.unpacked(one, identity_file) as (contents, manifest), _restored(app, contents, manifest) as address:
        # Before the scratch site brings an archive of an older version up to date.
        same = _same(app, address, manifest) if not manifest.chain else _same_beginning(app, one, identity_file)
        with _opened(address, contents, app) as (site, client):
            later = f", with what was written until {manifest.made:%H:%M:%SZ}" if manifest.chain else ""
            findings = [Finding("archive", True, f"opened, {len(manifest.files)} files as they were packed{later}"),
                        *_served(site, client)]
            rto = timedelta(seconds=time.monotonic() - start)
            findings += [_sound(site), same, _parsed(site), _booked(site)]
    drill = Drill(one, began, began - manifest.made, rto, tuple(findings))
    _write_evidence(app, drill)
    return drill


def last(app: Adapters, one: Archive) -> dict[str, Any] | None:
    """The record of the archive's last drill if its signature is this site's, else None."""
    try:
        text = backup.evidence_file(one.path).read_text(encoding="utf-8")
        found: dict[str, Any] = json.loads(app.links.open(_PURPOSE, json.loads(text)["signature"]))
    except (FileNotFoundError, NotFound, ValueError, KeyError):
        return None
    return found


def _write_evidence(app: Adapters, drill: Drill) -> None:
    record = drill.as_record()
    signature = app.links.sign(_PURPOSE, json.dumps(record))
    backup.evidence_file(drill.archive.path).write_text(
        json.dumps({"evidence": record, "signature": signature}, indent=1), encoding="utf-8")


@contextmanager
def _restored(app: Adapters, contents: Path, manifest: Manifest) -> Iterator[str]:
    """The address of a database of its own with what is in the archive."""
    database = contents / DATABASES[manifest.engine]
    if manifest.engine == "sqlite":
        yield f"sqlite://{database}"
        return
    with app.store.scratch(contents) as address:
        scratch = wiring.adapters(replace(app.settings, database=address))
        try:
            scratch.store.restore(database)
        finally:
            scratch.store.close()
        yield address


@contextmanager
def _opened(address: str, contents: Path, app: Adapters) -> Iterator[tuple[Adapters, Client]]:
    password_file = app.settings.postgres.password_file
    users = contents / USERS
    (contents / "drill.ini").write_text(
        f"[booking]\ndata_folder = {contents}\npublic_url = {app.settings.public_url}\n"
        f"secret_file = {contents / SECRET}\n[auth]\ntype = http_x_remote_user\nhtpasswd_filename = {users}\n"
        f"[storage]\ndatabase = {address}\n" + (f"database_password_file = {password_file}\n" if password_file else ""),
        encoding="utf-8")
    client = Client(wsgi.build(contents / "drill.ini", logged=False))
    site = wiring.load(contents / "drill.ini").app
    try:
        yield site, client
    finally:
        wiring.release(site)


@again.if_undone
def _served(site: Adapters, client: Client) -> list[Finding]:
    """Calendars read as their owners do, and pages as invitees do."""
    with site.store.read() as uow:
        principals = uow.principals.all()
    calendars = _sampled("CalDAV", [lambda one=one: _read_calendars(site, client, one)  # type: ignore[misc]
                                    for one in principals[:_SAMPLE_OWNERS]])
    hosts = [one for one in principals if one.host][:_SAMPLE_OWNERS]
    pages = _sampled("pages", [lambda one=one: _read_pages(site, client, one) for one in hosts])  # type: ignore[misc]
    return [calendars, pages]


def _sampled(name: str, samples: list[Callable[[], int]]) -> Finding:
    read = 0
    for sample in samples:
        try:
            read += sample()
        except BookingError as error:
            return Finding(name, False, str(error))
    return Finding(name, True, f"{read} answers for {len(samples)} users")


@again.if_undone
def _read_calendars(site: Adapters, client: Client, principal: Principal) -> int:
    with site.store.read() as uow:
        home = uow.collections.get(principal.name)
        calendars = [] if home is None else uow.collections.children(home)
        items = [(calendar.path, row.href, row.text) for calendar in calendars
                 for row in uow.items.get_many(calendar.id, uow.items.hrefs(calendar.id)[:_SAMPLE_ITEMS])]
    headers = {"X-Remote-User": principal.name}
    for calendar in calendars:
        _expect(client.open(f"/{calendar.path}/", method="PROPFIND", headers={**headers, "Depth": "1"}), 207)
    for path, href, text in items:
        answer = client.get(f"/{path}/{href}", headers=headers)
        _expect(answer, 200)
        if answer.get_data(as_text=True).split() != text.split():
            raise NotFound("text of", f"{path}/{href}")
    return len(calendars) + len(items)


def _read_pages(site: Adapters, client: Client, principal: Principal) -> int:
    slugs = [one.slug for one in booking.host_page(site, principal.name).event_types]
    _expect(client.get(f"/book/{principal.name}/"), 200)
    for slug in slugs:
        _expect(client.get(f"/book/{principal.name}/{slug}/"), 200)
    return 1 + len(slugs)


def _expect(answer: Any, status: int) -> None:
    if answer.status_code != status:
        raise NotFound(f"answer {status} but {answer.status_code} for", answer.request.path)


def _sound(site: Adapters) -> Finding:
    problems = site.store.check()
    return Finding("integrity", not problems, "; ".join(problems) or "the database is sound")


@again.if_undone
def _same(app: Adapters, address: str, manifest: Manifest) -> Finding:
    """Counts and contents of every table against those of the live database when the archive was made."""
    different = []
    scratch = wiring.adapters(replace(app.settings, database=address))
    try:
        with scratch.store.read() as uow:
            for name, expected in manifest.tables.items():
                found = uow.tables.digest(name)
                if TableDigest(found.rows, f"{found.sum:064x}") != expected:
                    different.append(f"{name}: {found.rows} rows, {expected.rows} expected")
    finally:
        scratch.store.close()
    rows = sum(table.rows for table in manifest.tables.values())
    return Finding("contents", not different, "; ".join(different) or f"{rows} rows as they were")


def _same_beginning(app: Adapters, one: Archive, identity_file: str) -> Finding:
    """Of a continuous copy; what follows has the checksums of the log, which the database has compared."""
    with (backup.unpacked(one, identity_file, pieces=False) as (contents, manifest),
          _restored(app, contents, manifest) as address):
        return _same(app, address, manifest)


@again.if_undone
def _parsed(site: Adapters) -> Finding:
    count, broken = 0, []
    with site.store.read() as uow:
        for collection in uow.collections.all():
            for row in uow.items.all(collection.id):
                count += 1
                try:
                    radicale.item.read_components(row.text)
                except (VObjectError, ValueError, RuntimeError) as error:
                    broken.append(f"{collection.path}/{row.href}: {error}")
    return Finding("items", not broken, "; ".join(broken[:10]) or f"{count} items parsed")


@again.if_undone
def _booked(site: Adapters) -> Finding:
    """Take the first time that is offered without questions, on the scratch database."""
    frame = Interval(site.clock(), site.clock() + timedelta(days=_SAMPLE_DAYS))
    with site.store.read() as uow:
        hosts = [one.name for one in uow.principals.all() if one.host]
    for host in hosts:
        for offered in booking.host_page(site, host).event_types:
            slots = booking.open_slots(site, host, offered.slug, frame)
            if not slots or any(question.required for question in offered.questions):
                continue
            try:
                booked = booking.reserve(site, BookingRequest(host, offered.slug, slots[0].start, "Drill",
                                                              "drill@example.org"))
            except BookingError as error:
                return Finding("booking", False, f"{host}/{offered.slug}: {error}")
            return Finding("booking", True, f"{host}/{offered.slug} at {booked.start:%Y-%m-%dT%H:%MZ}, in scratch")
    return Finding("booking", True, f"nothing is offered in {_SAMPLE_DAYS} days")
