"""Fixtures of the acceptance tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.acceptance.browser import chromium
from tests.acceptance.site import SiteFiles, make_site, new_database
from tests.conftest import ENGINES


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=ENGINES)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> SiteFiles:
    """A configured site with the host ``anna``, on each of the two databases; nothing runs yet."""
    return make_site(tmp_path, new_database(request, request.param, tmp_path))
