"""How the cost of what is asked most grows with the number of hosts, and so of items, in the database.

``python -m benchmarks growth --hosts 10 1000 100000`` has ten million items on disk in the end: six gigabytes for
SQLite, fifteen for PostgreSQL, and several minutes to write them.
"""

from __future__ import annotations

import argparse
import logging
import sys
from functools import partial

from benchmarks import engines, turns
from benchmarks.populated import OPERATIONS, Populated
from radicale_booking import wiring


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks growth", description=__doc__)
    parser.add_argument("--hosts", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--items", type=int, default=100, help="of each host")
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args(arguments)
    logging.getLogger("radicale").setLevel(logging.CRITICAL)
    with engines.both(len(options.hosts)) as (folder, found):
        for engine, addresses in found.items():
            sites = [Populated(folder, address, hosts, options.items)
                     for hosts, address in zip(options.hosts, addresses, strict=True)]
            sizes = " | ".join(f"{site.hosts} hosts ms" for site in sites)
            octets = ", ".join(f"{site.app.store.size_octets() / 1e6:.0f}" for site in sites)
            print(f"\n{engine}, {options.items} items for each host: databases of {octets} MB\n")
            print(f"| operation | {sizes} | last / first |")
            print(f"|---|{'---:|' * (len(sites) + 1)}")
            for name, operation in OPERATIONS.items():
                medians = turns.seconds([partial(operation, site) for site in sites], options.rounds)
                cells = " | ".join(f"{median * 1e3:.2f}" for median in medians)
                print(f"| {name} | {cells} | {medians[-1] / medians[0]:.1f} |", flush=True)
            wiring.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
