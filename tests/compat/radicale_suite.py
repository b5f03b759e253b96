"""Radicale's own test-suite, which its wheel leaves out: fetched once from Debian's source of Radicale 3.5.3.

Loaded as a pytest plugin (``-p tests.compat.radicale_suite``) in the process that runs the suite, it puts the fetched
``radicale.tests`` in the place of the installed package's and the storage named in ``SUITE_STORAGE`` behind every test,
on the PostgreSQL database ``SUITE_DATABASE``, if there is one.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import radicale

from tests import postgres

URL = "http://deb.debian.org/debian/pool/main/r/radicale/radicale_3.5.3.orig.tar.gz"
SHA256 = "6facdb68c509ac13911f611fc3e79dc64228dcc8c86348aa0dad867059be78a8"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "radicale-booking-tests" / SHA256[:16]


def fetched() -> Path:
    """The folder ``radicale/tests`` of the source. Raises ``OSError`` when it cannot be had."""
    if not CACHE.exists():
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE.parent) as name:
            folder = Path(name)
            archive = folder / "source.tar.gz"
            with urllib.request.urlopen(URL, timeout=60) as answer:
                archive.write_bytes(answer.read())
            if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
                raise OSError(f"{URL} is not the file it was")
            with tarfile.open(archive) as source:
                source.extractall(folder / "source", filter="data")
            [root] = (folder / "source").iterdir()
            try:
                root.rename(CACHE)
            except OSError:
                if not CACHE.exists():  # else another process was faster
                    raise
    return CACHE / "radicale" / "tests"


def pytest_configure() -> None:
    if "SUITE_STORAGE" in os.environ:
        options = {"type": os.environ["SUITE_STORAGE"]}
        database = os.environ.get("SUITE_DATABASE", "")
        _put_behind(_tests_package(fetched()).BaseTest, options | ({"database": database} if database else {}))


def _tests_package(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location("radicale.tests", folder / "__init__.py",
                                                  submodule_search_locations=[str(folder)])
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["radicale.tests"] = radicale.tests = package
    spec.loader.exec_module(package)
    return package


def _put_behind(base_test: Any, storage: dict[str, str]) -> None:
    """Let every test of the suite use ``storage``, but those of storages that it makes itself."""
    setup, configure, teardown = base_test.setup_method, base_test.configure, base_test.teardown_method

    def emptied(self: Any) -> None:
        if "database" in storage:
            postgres.reset(storage["database"])
        setup(self)

    def with_storage(self: Any, config: dict[str, dict[str, Any]]) -> None:
        chosen = config.get("storage", {}).get("type", "multifilesystem")
        if str(chosen).startswith("multifilesystem"):
            config = {**config, "storage": {**config.get("storage", {}), **storage}}
        configure(self, config)

    def closed(self: Any) -> None:
        from radicale_booking import wiring

        wiring.close()
        teardown(self)

    base_test.setup_method, base_test.configure, base_test.teardown_method = emptied, with_storage, closed


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """One line a test for the process that reads the outcome."""
    if "SUITE_STORAGE" in os.environ and (report.when == "call" or report.outcome == "failed"):
        sys.stdout.write(f"\nSUITE {report.outcome} {report.nodeid.rpartition('/')[2]}\n")
