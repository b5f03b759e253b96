"""Fixtures of the acceptance tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.site import SiteFiles, make_site


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> SiteFiles:
    """A configured site with the host ``anna``; nothing runs yet.

    On SQLite, and on PostgreSQL for the tests marked with ``every_engine`` of ``tests.acceptance.site``.
    """
    if getattr(request, "param", "sqlite") == "sqlite":
        return make_site(tmp_path)
    server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")
    return make_site(tmp_path, server.create(template))
