"""What reading objects takes of memory: ``python -m tests.ical.peak_memory``.

Each line that comes is an object, a string of JSON; each that goes says how many octets its reader grew by at most.
The system counts, of a process that is new for each object: tracing every allocation takes ten times as long.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path

from radicale_booking.ical import instances


def read(line: bytes) -> None:
    text = json.loads(line)
    before = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    instances.index(text, now=datetime(2030, 1, 1, tzinfo=UTC), floating_zone=UTC)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    os.write(sys.stdout.fileno(), f"{most - before}\n".encode())


if __name__ == "__main__":
    for given in sys.stdin.buffer:
        if reader := os.fork():
            _, status = os.waitpid(reader, 0)
            if status:
                sys.exit("it could not be read")
        else:
            read(given)
            os._exit(0)
