"""Performing what the outbox holds: several workers, possibly on several machines, each row once.

A worker claims rows for as long as a lease lasts and renews it while it works; what a dead worker has claimed is free
again when its lease has run out. Nothing is sent inside a transaction.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from radicale_booking import again
from radicale_booking.domain.effect import back_off
from radicale_booking.domain.principal import NOBODY
from radicale_booking.errors import DeliveryFailed, NotFound, StoreUnavailable
from radicale_booking.services import maintenance_mode
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.outbox import OutboxRow
    from radicale_booking.store.unit_of_work import UnitOfWork

LEASE = timedelta(seconds=60)
_RENEWAL_SECONDS = 20.0
_BATCH = 20
_RECORD_AGAIN_SECONDS = 1.0
_SENT = "sent"
_LOST = "lease lost"
_ACTOR = "worker"


class Channel(Protocol):
    """A kind of effects, and how one is performed."""

    @property
    def kind(self) -> str:
        """The ``kind`` of its rows."""

    @property
    def max_attempts(self) -> int:
        """How often a row is tried before it is given up."""

    @property
    def first_retry(self) -> timedelta:
        """How long to wait after the first failure, at most."""

    def prepare(self, uow: UnitOfWork, row: OutboxRow) -> Callable[[], None] | str:
        """What performs ``row``, to be called after the transaction (raises ``DeliveryFailed``), or why there is
        nothing to do. Raises ``NotFound`` when it is about something that is gone."""

    def rest(self) -> None:
        """There is nothing to do for now: let go of connections."""


@dataclass
class Round:
    """What one round of deliveries came to: how many rows were claimed and sent, sentences about what was given up,
    and what is wrong with the whole channel, if anything is."""

    claimed: int = 0
    sent: int = 0
    given_up: list[str] = field(default_factory=list)
    trouble: str = ""


@dataclass(frozen=True)
class Delivery:
    """Deliveries over ``channel`` by ``worker``, a name that no other running worker has.

    ``chance()`` is in [0, 1) and spreads repetitions; ``pause(seconds)`` waits and says whether to stop.
    """

    app: Adapters
    channel: Channel
    worker: str
    chance: Callable[[], float]
    pause: Callable[[float], bool]

    def round(self) -> Round:
        """Claim what is due, perform and record it. Raises ``StoreUnavailable``."""
        rows = self._claim()
        done = Round(claimed=len(rows))
        if not rows:
            self.channel.rest()
            return done
        with self._lease_kept():
            for row in rows:
                if done.trouble or self.pause(0):
                    self._record(lambda uow, row=row: uow.outbox.release(row.id, self.worker))  # type: ignore[misc]
                else:
                    self._deliver(row, done)
        return done

    @again.if_undone
    def _claim(self) -> list[OutboxRow]:
        with self.app.store.read() as uow:
            if not uow.outbox.waits(self.channel.kind):
                return []
        if maintenance_mode.is_still(self.app):
            return []
        with self.app.store.write(actor=_ACTOR, principal=NOBODY) as uow:
            return uow.outbox.claim(self.channel.kind, self.worker, _BATCH, LEASE)

    def _deliver(self, row: OutboxRow, done: Round) -> None:
        try:
            outcome = self._perform(row)
        except DeliveryFailed as failure:
            self._fail(row, failure, done)
        except NotFound as missing:
            self._fail(row, DeliveryFailed(str(missing), permanent=True), done)
        except Exception as error:  # noqa: BLE001 - one row that cannot be handled must not hold up the others
            self._fail(row, DeliveryFailed(f"{type(error).__name__}: {error}"), done)
        else:
            done.sent += outcome == _SENT
            if outcome != _LOST:
                note = None if outcome == _SENT else outcome
                self._record(lambda uow: uow.outbox.sent(row.id, note))

    def _perform(self, row: OutboxRow) -> str:
        """Perform ``row``, unless another worker has it now or a later one says more; what came of it."""
        perform = self._prepared(row)
        if isinstance(perform, str):
            return perform
        perform()
        return _SENT

    @again.if_undone
    def _prepared(self, row: OutboxRow) -> Callable[[], None] | str:
        """What performs ``row``, or what came of it already."""
        with self.app.store.read() as uow:
            if not uow.outbox.held(row.id, self.worker):
                return _LOST
            perform = self.channel.prepare(uow, row)
        return f"not sent: {perform}" if isinstance(perform, str) else perform

    def _fail(self, row: OutboxRow, failure: DeliveryFailed, done: Round) -> None:
        """Note that ``row`` failed: try again later, or give up."""
        if failure.unreachable:
            done.trouble = failure.reason
        if not failure.permanent and row.attempts < self.channel.max_attempts:
            wait = back_off(row.attempts, self.chance(), self.channel.first_retry)
            self._record(lambda uow: uow.outbox.delay(row.id, self.worker, uow.now + wait, failure.reason))
            return
        done.given_up.append(f"{row.kind} {row.id} to {row.recipient} given up after {row.attempts} attempt(s): "
                             f"{failure.reason}")
        self._record(lambda uow: self._give_up(uow, row, failure.reason))

    def _give_up(self, uow: UnitOfWork, row: OutboxRow, reason: str) -> None:
        if uow.outbox.give_up(row.id, self.worker, reason):
            uow.audit.add(f"{row.kind} given up", str(row.payload.get("uid", row.delivery_key)),
                          {"recipient": row.recipient, "attempts": row.attempts, "error": reason, "row": row.id})

    def _record(self, change: Callable[[UnitOfWork], object]) -> None:
        """Write ``change``, again until the store takes it: what was sent and not recorded would be sent twice."""
        while True:
            try:
                with self.app.store.write(actor=_ACTOR, principal=NOBODY) as uow:
                    change(uow)
                return
            except StoreUnavailable:
                if self.pause(_RECORD_AGAIN_SECONDS):
                    raise

    @contextlib.contextmanager
    def _lease_kept(self) -> Iterator[None]:
        """Renew the lease from another thread as long as the block lasts, however slow a server is."""
        ended = threading.Event()

        def renew() -> None:
            while not ended.wait(_RENEWAL_SECONDS):
                # If it fails now, there are two more chances before the lease runs out.
                with contextlib.suppress(StoreUnavailable), self.app.store.write(actor=_ACTOR, principal=NOBODY) as uow:
                    uow.outbox.renew(self.worker, LEASE)

        keeper = threading.Thread(target=renew, name="lease", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            ended.set()
            keeper.join()
