"""Maintenance mode: the site held still on purpose.

``closed``: nobody from outside sees or books anything, while hosts' calendars sync in both directions. ``read-only``:
everything can be read and nothing is changed, whoever asks; only commands write then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.domain.principal import NOBODY
from radicale_booking.errors import InvalidInput, UnderMaintenance
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.maintenance_mode import MaintenanceMode
    from radicale_booking.store.unit_of_work import UnitOfWork

CLOSED, READ_ONLY = "closed", "read-only"
MODES = (CLOSED, READ_ONLY)
_LONGEST_MESSAGE = 1000


@again.if_undone
def begin(app: Adapters, mode: str, message: str | None = None) -> None:
    """Hold the site still, or change how; without a message that of the settings is told. Raises ``InvalidInput``."""
    if mode not in MODES:
        raise InvalidInput("mode", mode, "is not known", f"one of {', '.join(MODES)}")
    text = (app.settings.maintenance_message if message is None else message).strip()
    if len(text) > _LONGEST_MESSAGE:
        raise InvalidInput("message", text[:40], "is too long", f"at most {_LONGEST_MESSAGE} characters")
    # Waits for everybody who writes now: afterwards nobody does.
    with app.store.write(actor="command") as uow:
        uow.maintenance_mode.set(mode, text)
        uow.audit.add("maintenance on", mode, {"message": text})


@again.if_undone
def end(app: Adapters) -> bool:
    """Go on as usual; whether the site was held still."""
    with app.store.write(actor="command", principal=NOBODY) as uow:
        ended = uow.maintenance_mode.clear()
        if ended:
            uow.audit.add("maintenance off", "")
        return ended


@again.if_undone
def state(app: Adapters) -> MaintenanceMode | None:
    """None in normal times."""
    with app.store.read() as uow:
        return uow.maintenance_mode.get()


def admit_booking(uow: UnitOfWork) -> None:
    """For whatever outside people begin. Raises ``UnderMaintenance`` in either mode."""
    found = uow.maintenance_mode.get()
    if found is not None:
        raise UnderMaintenance(found.message)


def admit_change(uow: UnitOfWork) -> None:
    """For whatever people with an account change. Raises ``UnderMaintenance`` where nothing may be changed."""
    found = uow.maintenance_mode.get()
    if found is not None and found.mode == READ_ONLY:
        raise UnderMaintenance(found.message)


@again.if_undone
def refuse_booking(app: Adapters) -> None:
    """``admit_booking`` before any transaction."""
    with app.store.read() as uow:
        admit_booking(uow)


def is_still(app: Adapters) -> bool:
    """Whether nothing may be changed."""
    found = state(app)
    return found is not None and found.mode == READ_ONLY
