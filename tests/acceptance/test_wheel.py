"""The wheel holds everything: it is built, installed into an environment of its own, and serves a page, on the database
that a new installation has: SQLite's."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.acceptance.server import run, serve
from tests.acceptance.visitor import Visitor

CHECKOUT = Path(__file__).parents[2]
_NOT_SOURCE = shutil.ignore_patterns(".git", ".venv", "var", "build", "dist", "*.egg-info", "__pycache__", ".*_cache")


def checked(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # From a copy: setuptools leaves its own files beside the sources.
    shutil.copytree(CHECKOUT, folder / "source", ignore=_NOT_SOURCE)
    checked([sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(folder / "source")], folder)
    return next(folder.glob("*.whl"))


@pytest.mark.xdist_group("wheel")
def test_the_wheel_serves_a_page_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {
        *(f"radicale_booking/storage/{path.relative_to(CHECKOUT / 'storage')}"
          for path in (CHECKOUT / "storage").rglob("*.sql")),
        *(f"radicale_booking/web/{path.relative_to(CHECKOUT / 'radicale_booking/web')}"
          for pattern in ("templates/*.html", "static/*", "translations/*/LC_MESSAGES/*.po")
          for path in (CHECKOUT / "radicale_booking" / "web").glob(pattern)),
        *(f"radicale_booking/notify/{path.relative_to(CHECKOUT / 'radicale_booking/notify')}"
          for pattern in ("templates/*", "translations/*/LC_MESSAGES/*")
          for path in (CHECKOUT / "radicale_booking" / "notify").glob(pattern)),
        *(f"radicale_booking/{path.relative_to(CHECKOUT / 'radicale_booking')}"
          for path in (CHECKOUT / "radicale_booking").rglob("*.py")),
        *(f"radicale_booking/plugins/{path.name}" for path in (CHECKOUT / "plugins").glob("*.py")),
        "radicale_booking/config/radicale-booking.ini", "radicale_booking/py.typed",
    }
    assert sources - names == set()

    environment = tmp_path / "environment"
    checked([sys.executable, "-m", "venv", str(environment)], tmp_path)
    python = str(environment / "bin" / "python")
    checked([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)], tmp_path)
    config = tmp_path / "booking.ini"
    config.write_text(f"[booking]\ndata_folder = {tmp_path}/data\n", encoding="utf-8")
    added = run(config, "user", "add", "anna", "--email", "a@example.org", "--password-stdin", "--host",
                stdin="secret\n", python=python, folder=tmp_path)
    assert added.returncode == 0, added.stderr
    assert run(config, "event-type", "add", "anna", "intro-call", python=python, folder=tmp_path).returncode == 0
    with serve(config, python=python, folder=tmp_path) as running:
        page = Visitor().get(f"{running.url}/book/anna/?lang=de")
        assert page.status == 200
        assert "Intro call" in page.text
        style = re.search(r'href="(/book/static/[^"]+\.css[^"]*)"', page.text)
        assert style is not None
        assert Visitor().get(running.url + style[1]).status == 200
