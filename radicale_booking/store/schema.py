"""How far a database's schema is against what this program knows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from radicale_booking.errors import StoreUnavailable
from radicale_booking.store import sql

#: A migration whose name begins so only adds what an older program need not know: that goes on beside it.
EXPAND = "expand_"
#: One that takes away what a program has no use for that knows the migration of this number.
CONTRACT = re.compile(r"contract_(\d{4})_")
#: Number and name of the row that stands among the migrations for as long as a copy into the database is not complete.
UNFINISHED = (0, "unfinished copy")


@dataclass(frozen=True, slots=True)
class SchemaState:
    """``applied``: number of the newest migration in the database (0: none); ``known``: of this program.

    ``unknown`` are the names of those that only a newer program has.
    """

    applied: int
    known: int
    unknown: tuple[str, ...] = ()
    unfinished: bool = False

    @property
    def pending(self) -> int:
        return max(0, self.known - self.applied)

    def check(self, way_back: str = "restore a backup made before the upgrade", *, finishing: bool = False) -> None:
        """Raises ``StoreUnavailable`` when a newer program has changed what this one knows of the database, or it is
        an unfinished copy and this program is not ``finishing`` it."""
        if not all(self._goes_on_beside(name) for name in self.unknown):
            raise StoreUnavailable(
                f"the database has schema {self.applied}, this program knows {self.known}: a newer version of "
                f"radicale-booking has upgraded it; install that version again, or {way_back}")
        if self.unfinished and not finishing:
            raise StoreUnavailable("the database is an unfinished copy; run the same radicale-booking db copy again, "
                                   "it goes on where it ended")

    def _goes_on_beside(self, migration: str) -> bool:
        contract = CONTRACT.match(migration)
        return migration.startswith(EXPAND) or (contract is not None and int(contract[1]) <= self.known)


def state_of(applied: Iterable[tuple[int, str]]) -> SchemaState:
    """The state of a database with these rows, number and name, in its list of migrations."""
    rows, known = sorted(applied), sql.newest()
    return SchemaState(max((number for number, _ in rows), default=0), known,
                       tuple(name for number, name in rows if number > known), UNFINISHED in rows)


def failed(name: str, error: BaseException) -> StoreUnavailable:
    """What is raised when the migration ``name`` fails and all that go with it are undone."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return StoreUnavailable(f"the upgrade of the database failed in {name} and was undone: {reason}; "
                            "the database is as it was, the version before can go on with it")
