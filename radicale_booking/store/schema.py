"""How far a database's schema is against what this program knows."""

from __future__ import annotations

from dataclasses import dataclass

from radicale_booking.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class SchemaState:
    """``applied``: number of the newest migration in the database (0: none); ``known``: of this program."""

    applied: int
    known: int

    @property
    def pending(self) -> int:
        return max(0, self.known - self.applied)

    def check(self, way_back: str = "restore a backup made before the upgrade") -> None:
        """Raises ``StoreUnavailable`` when a newer program has changed the database."""
        if self.applied > self.known:
            raise StoreUnavailable(
                f"the database has schema {self.applied}, this program knows {self.known}: a newer version of "
                f"radicale-booking has upgraded it; install that version again, or {way_back}")


def failed(name: str, error: BaseException) -> StoreUnavailable:
    """What is raised when the migration ``name`` fails and all that go with it are undone."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return StoreUnavailable(f"the upgrade of the database failed in {name} and was undone: {reason}; "
                            "the database is as it was, the version before can go on with it")
