"""What is kept of a calendar object beside its text, so that it is not parsed again to be found."""

from __future__ import annotations

from dataclasses import dataclass

#: Before every instant and after every instant, in UTC seconds since 1970.
FIRST_EPOCH = -62_135_596_800
LAST_EPOCH = 253_402_300_799
#: So many characters of a title are kept.
SUMMARY_LIMIT = 200


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """One occurrence, ``[start_epoch, end_epoch)`` in UTC seconds since 1970; empty when both are equal.

    ``moment``: it has no end (RFC 4791 §9.9).

    ``busy_type`` is an FBTYPE (RFC 5545 §3.2.9). ``categories`` are joined by commas, ``zone`` is the IANA name of its
    own zone, if it has one.
    """

    start_epoch: int
    end_epoch: int
    busy_type: str
    cancelled: bool = False
    all_day: bool = False
    moment: bool = False
    summary: str | None = None
    categories: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class ItemIndex:
    """``first_epoch``/``last_epoch`` enclose every occurrence.

    ``expanded_from_epoch``/``expanded_until_epoch``: occurrences outside have no rows; None when all have.
    ``unreadable`` says why the item could not be expanded; it then blocks all that it encloses.
    """

    first_epoch: int = FIRST_EPOCH
    last_epoch: int = LAST_EPOCH
    expanded_from_epoch: int | None = None
    expanded_until_epoch: int | None = None
    unreadable: str | None = None
    rows: tuple[InstanceRow, ...] = ()
