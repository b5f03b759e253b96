"""Lines of windows' descriptions that could not be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from radicale_booking.domain.window_settings import Problem

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork


class WindowProblems:
    """The repository of such lines."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def replace(self, item_id: int, problems: Iterable[Problem]) -> None:
        """Make ``problems`` those of the item."""
        self._unit_of_work.execute("window_problem", "clear", item_id=item_id)
        for problem in problems:
            self._unit_of_work.execute("window_problem", "add", item_id=item_id, line=problem.line,
                                       reason=problem.reason, remedy=problem.remedy)

    def of_host(self, principal_id: int) -> list[Problem]:
        rows = self._unit_of_work.query("window_problem", "of_host", principal_id=principal_id)
        return [Problem(row["line"], row["reason"], row["remedy"]) for row in rows]
