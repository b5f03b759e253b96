"""Fixtures of the acceptance tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.site import SiteFiles, make_site


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What only looks at pages runs on SQLite; tests marked ``every_engine`` run on PostgreSQL too."""
    if "database" in metafunc.fixturenames and metafunc.definition.get_closest_marker("every_engine") is None:
        metafunc.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def site(tmp_path: Path, database: str) -> SiteFiles:
    """A configured site with the host ``anna``; nothing runs yet."""
    return make_site(tmp_path, "" if database.startswith("sqlite") else database)
