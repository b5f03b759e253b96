"""``python -m benchmarks [NAME] [options]``; all of them without a name (``make bench``)."""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import databases, growth, nodes, reserve, slots, storage

BENCHMARKS: dict[str, Callable[[list[str]], int]] = {
    "slots": slots.main, "reserve": reserve.main, "storage": storage.main, "databases": databases.main,
    "growth": growth.main, "nodes": nodes.main}


def main(arguments: list[str]) -> int:
    if arguments and arguments[0] in BENCHMARKS:
        return BENCHMARKS[arguments[0]](arguments[1:])
    if arguments:
        print(f"there is no benchmark {arguments[0]!r}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    failed = 0
    for name, run in BENCHMARKS.items():
        print(f"\n# {name}\n", flush=True)
        failed |= run([])
    return failed


sys.exit(main(sys.argv[1:]))
