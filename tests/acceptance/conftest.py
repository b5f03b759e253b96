"""Fixtures of the acceptance tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.site import SiteFiles, make_site


@pytest.fixture
def site(tmp_path: Path) -> SiteFiles:
    """A configured site with the host ``anna``; nothing runs yet."""
    return make_site(tmp_path)
