"""A disk that is full soon: a small file system in memory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """``size`` as ``mount`` takes it. Only root may: for others the test is skipped, or fails under
    RADICALE_BOOKING_REQUIRE_ALL."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        message = f"no small disk can be mounted, as root may: {done.stderr.strip()}"
        if os.environ.get("RADICALE_BOOKING_REQUIRE_ALL"):
            pytest.fail(message)
        pytest.skip(message)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
