"""One process of a race: ``python -m tests.services.racer FOLDER DATABASE THREADS checked|unchecked``."""

from __future__ import annotations

import sys
from pathlib import Path

from radicale_booking import wiring
from radicale_booking.services import offers
from tests.services.conftest import Clock, settings_in
from tests.services.test_concurrency import race


def main(folder: str, database: str, threads: str, check: str) -> None:
    app = wiring.adapters(settings_in(Path(folder), database), Clock())
    if check == "unchecked":
        offers.check = lambda *_: None
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for outcome, count in race(app, int(threads)).items():
        sys.stdout.write(f"{outcome}\n" * count)
    app.store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
