"""What the database undid for another's sake is done again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from radicale_booking.errors import TransactionUndone

Given = ParamSpec("Given")
Result = TypeVar("Result")
_MORE = 2


def if_undone(transaction: Callable[Given, Result]) -> Callable[Given, Result]:
    """For a function that is one transaction and does nothing outside of it: it may begin anew, twice.

    Then ``TransactionUndone`` is raised.
    """
    @wraps(transaction)
    def repeated(*arguments: Given.args, **named: Given.kwargs) -> Result:
        return attempt(transaction, *arguments, **named)

    return repeated


def attempt(transaction: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
    """Call it as ``if_undone`` does."""
    for _ in range(_MORE):
        try:
            return transaction(*arguments, **named)
        except TransactionUndone:
            continue
    return transaction(*arguments, **named)
