"""Processes of a race: ``python -m tests.services.racer FOLDER DATABASE PROCESSES THREADS checked|unchecked``.

They are copies of one that has all modules and no store yet. Each says when it is ready and goes at a line of its own.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from radicale_booking import wiring
from radicale_booking.services import offers
from tests.services.conftest import Clock, settings_in
from tests.services.test_concurrency import race


def main(folder: str, database: str, processes: str, threads: str, check: str) -> None:
    others = []
    for _ in range(int(processes) - 1):
        others.append(os.fork())
        if not others[-1]:
            run(folder, database, int(threads), check)
            os._exit(0)
    run(folder, database, int(threads), check)
    sys.exit(any(os.waitpid(other, 0)[1] for other in others))


def run(folder: str, database: str, threads: int, check: str) -> None:
    app = wiring.adapters(settings_in(Path(folder), database), Clock())
    if check == "unchecked":
        offers.check = lambda *_: None
    os.write(1, b"ready\n")
    os.read(0, len(b"go\n"))
    os.write(1, "".join(f"{outcome}\n" * count for outcome, count in race(app, threads).items()).encode())
    app.store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
