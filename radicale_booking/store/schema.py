"""How far a database's schema is against what this program knows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SchemaState:
    """``applied``: number of the newest migration in the database (0: none); ``known``: of this program."""

    applied: int
    known: int

    @property
    def pending(self) -> int:
        return max(0, self.known - self.applied)
