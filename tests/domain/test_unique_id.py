"""Names that are given once."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.unique_id import unique_id

INSTANTS = st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@given(INSTANTS)
def test_it_is_a_uuid_of_its_time(now: datetime) -> None:
    """RFC 9562 §5.7."""
    found = uuid.UUID(unique_id(now))
    assert (found.variant, found.version) == (uuid.RFC_4122, 7)
    assert found.int >> 80 == int(now.timestamp() * 1000)


@given(INSTANTS, st.timedeltas(timedelta(milliseconds=2), timedelta(days=365)))
def test_later_ones_come_after(now: datetime, later: timedelta) -> None:
    assert unique_id(now) < unique_id(now + later)


def test_every_bit_that_may_be_is_random() -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    made = [uuid.UUID(unique_id(now)).int for _ in range(200)]
    assert len(set(made)) == 200
    seen = made[0]
    changed = 0
    for other in made:
        changed |= seen ^ other
    assert changed == ((1 << 12) - 1 << 64) | (1 << 62) - 1
