"""Radicale's own test-suite passes on our storage wherever it passes on Radicale's."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.compat.radicale_suite import URL, fetched
from tests.conftest import ENGINES

CHECKOUT = Path(__file__).parents[2]
MODULES = ("test_base", "test_expand", "test_rights", "test_storage", "test_auth", "test_web", "test_server",
           "test_config")
_HOOK = "runs a hook over the folder of a storage of files; a database has none, which the log says"
_CACHE = "looks for the parsed copies of items that a storage of files keeps beside them"
#: What passes on files only -> why.
EXCEPTIONS = {
    "test_rights.py::TestBaseRightsRequests::test_from_file": "makes a collection by making its folder on disk",
    "test_storage.py::TestMultiFileSystem::test_hook": _HOOK,
    "test_storage.py::TestMultiFileSystem::test_hook_principal_collection_creation": _HOOK,
    "test_storage.py::TestMultiFileSystem::test_item_cache_rebuild": _CACHE,
    "test_storage.py::TestMultiFileSystem::test_item_cache_rebuild_subfolder": _CACHE,
    "test_storage.py::TestMultiFileSystem::test_item_cache_rebuild_mtime_and_size": _CACHE,
    "test_storage.py::TestMultiFileSystemNoLock::test_item_cache_rebuild": _CACHE,
}


def outcomes(folder: Path, tests: Sequence[str], storage: str, database: str = "") -> dict[str, str]:
    """Test -> passed, failed or skipped, in a process of its own; ``tests`` are modules or single ones."""
    # Not a pipe: a server that the suite leaves behind would hold it open.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "tests.compat.radicale_suite", "-p", "no:cacheprovider",
             "-p", "no:hypothesispytest", "--assert=plain", "--import-mode=importlib", "-c", os.devnull,
             "--rootdir", str(folder), "-q", "-s", "-W", "ignore",
             *(str(folder / test) for test in tests)],
            cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, timeout=900, check=False,
            env={**os.environ, "SUITE_STORAGE": storage, "SUITE_DATABASE": database, "PYTEST_ADDOPTS": ""})
        output.seek(0)
        said = output.read()
    found = {line.split()[2]: line.split()[1] for line in said.splitlines() if line.startswith("SUITE ")}
    assert found, said[-4000:]
    return found


@pytest.mark.parametrize("engine", ENGINES)
def test_everything_that_passes_on_files_passes_on_ours(engine: str, request: pytest.FixtureRequest) -> None:
    try:
        folder = fetched()
    except OSError as error:
        if os.environ.get("RADICALE_BOOKING_REQUIRE_ALL"):
            raise
        pytest.skip(f"Radicale's tests cannot be had from {URL}: {error}")
    database = request.getfixturevalue("postgres_database") if engine == "postgres" else ""
    ours = outcomes(folder, [f"{module}.py" for module in MODULES], "radicale_booking.plugins.storage", database)
    for module in MODULES:
        found = [outcome for test, outcome in ours.items() if test.startswith(f"{module}.py")]
        assert found.count("passed") > len(found) * 0.6, module
    others = sorted(test for test, outcome in ours.items() if outcome != "passed")
    theirs = outcomes(folder, others, "multifilesystem")
    assert {test for test, outcome in theirs.items() if outcome == "passed"} == set(EXCEPTIONS)
