"""What keeps a site small, quick and sound over the years, done in quiet hours; it can be stopped at any time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from radicale_booking import again
from radicale_booking.errors import Conflict
from radicale_booking.services import backup, privacy, quarantine_room, upkeep
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

Result = TypeVar("Result")
_BATCH = 500
_AT_LEAST_EVERY = timedelta(hours=20)


class MaintenanceBusy(Conflict):
    """Another process does it."""

    def __str__(self) -> str:
        return "maintenance is being done by another process; wait for it"


@dataclass(slots=True)
class Report:
    """What was done: step -> how many; ``problems`` of the database; ``stopped`` before the end."""

    done: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    stopped: bool = False


def run(app: Adapters, *, vacuum: bool = False, stopping: Callable[[], bool] = lambda: False) -> Report:
    """Do everything that is due, in small transactions, so that nobody waits for it.

    ``vacuum``: give room that is no longer used back to the disk as well. Raises ``StoreUnavailable``, or
    ``MaintenanceBusy`` while another process does it.
    """
    with app.store.alone("maintenance") as alone:
        if not alone:
            raise MaintenanceBusy
        return _run(app, vacuum=vacuum, stopping=stopping)


def run_due(app: Adapters, local_hour: int, stopping: Callable[[], bool]) -> Report | None:
    """``run`` where it is ``due`` and no other process does it, else None. Raises ``StoreUnavailable``."""
    if not due(app, local_hour):
        return None
    with app.store.alone("maintenance") as alone:
        # Another may have done it meanwhile.
        return _run(app, vacuum=False, stopping=stopping) if alone and due(app, local_hour) else None


def _run(app: Adapters, *, vacuum: bool, stopping: Callable[[], bool]) -> Report:
    report = Report()
    settings, now = app.settings, app.clock()

    def before(days: int) -> timedelta:
        return timedelta(days=days)

    def step(name: str, days: int, once: Callable[[UnitOfWork], int]) -> None:
        if days and not report.stopped:
            report.done[name] = _in_batches(app, once, report, stopping)

    upkeep.run(app, stopping=stopping)
    step("mail removed", settings.keep_mail_days,
         lambda uow: uow.maintenance.forget_mail(now - before(settings.keep_mail_days), _BATCH))
    step("mail taken forgotten", settings.keep_mail_days,
         lambda uow: uow.inbound.forget(now - before(settings.keep_mail_days), _BATCH))
    step("mail in quarantine dropped", 1, lambda uow: len(quarantine_room.keep_within(app, uow)))
    step("audit entries removed", settings.keep_audit_days,
         lambda uow: uow.maintenance.forget_audit(now - before(settings.keep_audit_days), _BATCH))
    step("removals forgotten", settings.keep_sync_days,
         lambda uow: uow.maintenance.forget_removals(now - before(settings.keep_sync_days)))
    step("reservations made anonymous", 1, lambda uow: privacy.erase_past(app, uow, _BATCH))
    if not report.stopped:
        report.done["archives removed"] = len(backup.prune(settings.backup_folder, settings.backup.retention))
        app.store.tidy(vacuum=vacuum)
        report.problems = app.store.check()
        _write(app, lambda uow: uow.audit.add("maintain", "maintenance",
                                              {**report.done, "problems": len(report.problems)}))
    return report


@again.if_undone
def due(app: Adapters, local_hour: int) -> bool:
    """Whether it is the hour that the settings name, and has not been done in the last one already."""
    if local_hour != app.settings.maintenance_hour:
        return False
    with app.store.read() as uow:
        last = uow.maintenance.last_run()
        # One that is to come was done by a clock that was ahead.
        return last is None or abs(uow.now - last) > _AT_LEAST_EVERY


def _in_batches(app: Adapters, once: Callable[[UnitOfWork], int], report: Report,
                stopping: Callable[[], bool]) -> int:
    total = 0
    while True:
        if stopping():
            report.stopped = True
            return total
        done = _write(app, once)
        total += done
        if done < _BATCH:
            return total


@again.if_undone
def _write(app: Adapters, change: Callable[[UnitOfWork], Result]) -> Result:
    with app.store.write(actor="upkeep") as uow:
        return change(uow)
