"""``make bench``."""

import sys

from benchmarks.storage import main

sys.exit(main())
