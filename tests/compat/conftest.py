"""Two servers side by side: Radicale with its own storage, and Radicale with ours."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from radicale.app import Application
from radicale.config import load

from radicale_booking import wiring
from radicale_booking.dav.application import BookingApplication


def no_pages(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    raise AssertionError(f"not a DAV path: {environ['PATH_INFO']}")


def configuration(folder: Path, **storage: str) -> Any:
    folder.mkdir()
    config = load()
    config.update({"auth": {"type": "none", "delay": "0"}, "storage": {"filesystem_folder": str(folder), **storage},
                   "logging": {"level": "critical"}}, "test", privileged=True)
    return config


@pytest.fixture
def theirs(tmp_path: Path) -> Application:
    """Stock Radicale."""
    logging.getLogger("radicale").setLevel(logging.CRITICAL)
    return Application(configuration(tmp_path / "theirs"))


@pytest.fixture
def make_ours(tmp_path: Path, database: str) -> Iterator[Callable[..., BookingApplication]]:
    """Ours on one database; ``listing=False`` leaves every answer to Radicale's generic code."""
    logging.getLogger("radicale").setLevel(logging.CRITICAL)
    config = configuration(tmp_path / "ours", type="radicale_booking.plugins.storage",
                           database=database)
    yield lambda **options: BookingApplication(config, no_pages, **options)
    wiring.close()
