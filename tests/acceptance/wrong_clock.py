"""The command line of a machine whose clock is off by the seconds that the file in WRONG_CLOCK says.

Not by libfaketime, which shifts what threads wait for as well, so that they wait too long or are refused.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from radicale_booking import wiring
from radicale_booking.cli.main import main


def now() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=float(Path(os.environ["WRONG_CLOCK"]).read_text(encoding="ascii")))


if __name__ == "__main__":
    wiring.adapters.__defaults__ = (now,)
    main()
