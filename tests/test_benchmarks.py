"""What the benchmarks measure is there: a population that is sound, and operations that succeed."""

from __future__ import annotations

from pathlib import Path

from benchmarks.populated import OPERATIONS, Populated
from radicale_booking import wiring


def test_a_population_is_sound_and_every_operation_succeeds(database: str, tmp_path: Path) -> None:
    there = Populated(tmp_path, database, hosts=3, items=30)
    try:
        assert there.app.store.check() == []
        with there.app.store.read() as uow:
            assert not uow.query("figures", "without_object", now=0)
            assert not uow.query("figures", "wrongly_occupied", now=0)
            assert uow.tables.count("item") == 90
        for number, prepare in enumerate(OPERATIONS.values()):
            prepare(there, number)()
        with there.app.store.read() as uow:
            assert uow.tables.count("item") > 90
            assert uow.tables.count("reservation") == 10
    finally:
        wiring.close()
