"""What the database undid for another's sake is done again.

Page, command, worker and mail come to services, and a service is one transaction: so each begins anew by itself, and
the doors know nothing of it. What a calendar program asks is one transaction of Radicale's, which begins anew whole.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from radicale_booking.errors import StoreUnavailable, TransactionUndone

Given = ParamSpec("Given")
Result = TypeVar("Result")
_TIMES = 3


def if_undone(transaction: Callable[Given, Result]) -> Callable[Given, Result]:
    """For a function that does nothing outside of its transaction, or does it as well twice: it may begin anew, twice.

    Of several transactions it may be made of, only those that find done what was done before. Then ``StoreUnavailable``
    is raised, with which nobody begins anew.
    """
    @wraps(transaction)
    def repeated(*arguments: Given.args, **named: Given.kwargs) -> Result:
        return attempt(transaction, *arguments, **named)

    return repeated


def attempt(transaction: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
    """Call it as ``if_undone`` does."""
    undone = None
    for _ in range(_TIMES):
        try:
            return transaction(*arguments, **named)
        except TransactionUndone as error:
            undone = error
    assert undone is not None  # noqa: S101 - it was tried
    raise StoreUnavailable(undone.reason, undone.retry_after_seconds) from undone
