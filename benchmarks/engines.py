"""Both databases, new and empty, as a site has them whose writes are to outlast a power cut."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests import postgres

#: Tests turn off what keeps writes; SQLite's ``synchronous=FULL`` is to be met by the same here.
_AS_SERVED = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on",
              "shared_buffers": "512MB", "max_wal_size": "4GB", "work_mem": "16MB"}


def configuration(folder: Path, address: str) -> Path:
    """The configuration file of a site on the database at ``address``; the header X-Remote-User says who asks."""
    file = folder / f"site-{hashlib.sha256(address.encode()).hexdigest()[:8]}.ini"
    file.write_text("[auth]\ntype = http_x_remote_user\n[logging]\nlevel = critical\n"
                    "[server]\nmax_content_length = 1000000000\n"
                    f"[storage]\ndatabase = {address}\n[booking]\ndata_folder = {folder}\naccess_log = False\n"
                    "maintenance_hour = -1\n[guard]\nbookings_per_address = 0\nbookings_per_invitee = 0\n",
                    encoding="utf-8")
    return file


@contextmanager
def both(count: int = 1) -> Iterator[tuple[Path, dict[str, list[str]]]]:
    """A folder, and the addresses of ``count`` databases of each engine; without PostgreSQL's where it is missing."""
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    found = {"SQLite": [f"sqlite://{folder}/booking-{number}.sqlite" for number in range(count)]}
    try:
        with ExitStack() as stack:
            try:
                server = stack.enter_context(postgres.server(**_AS_SERVED))
                found["PostgreSQL"] = [server.create() for _ in range(count)]
            except pytest.skip.Exception as missing:
                print(missing, file=sys.stderr)
            yield folder, found
    finally:
        shutil.rmtree(folder)
