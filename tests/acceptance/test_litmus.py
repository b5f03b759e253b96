"""litmus, the test suite of WebDAV, at a real server.

A calendar server keeps calendar objects, so the file that litmus uploads is one; in a plain collection a calendar
comes of it. What fails then stands in ``INAPPLICABLE`` with its reason; locks are not advertised.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.server import serve
from tests.acceptance.site import PASSWORD, SiteFiles, event, monday

_TEXT = "what is uploaded is no calendar object, and nothing else can be stored"
#: The tests of each suite that fail, and why they do not apply.
INAPPLICABLE = {
    "basic": {"put_get": _TEXT, "put_get_utf8_segment": _TEXT,
              "mkcol_with_body": "a body that is no XML is refused with 400, which RFC 5689 §3 leaves to the server"},
    "copymove": {},
    "props": {},
    "http": {},
}


@pytest.mark.skipif(shutil.which("litmus") is None, reason="litmus is not installed (apt-get install litmus)")
def test_what_webdav_asks_for_is_there_or_does_not_apply(site: SiteFiles, tmp_path: Path) -> None:
    rights = tmp_path / "rights"
    rights.write_text("[everything]\nuser = .+\ncollection = .*\npermissions = RrWw\n", encoding="utf-8")
    with site.config.open("a", encoding="utf-8") as config:
        config.write(f"[rights]\ntype = from_file\nfile = {rights}\n")
    uploaded = tmp_path / "htdocs"
    uploaded.mkdir()
    (uploaded / "foo").write_bytes(event("u1", "Litmus", monday(), monday() - monday()).encode())
    with serve(site.config) as server:
        done = subprocess.run(
            ["litmus", "-k", f"{server.url}/anna/", "anna", PASSWORD], cwd=tmp_path, capture_output=True,
            encoding="latin-1", timeout=120, check=False,
            env={**os.environ, "TESTS": " ".join(INAPPLICABLE), "HTDOCS": str(uploaded)})
        assert not [line for line in server.lines if " 500 " in line or "Traceback" in line]
    suites = dict(re.findall(r"-> running `(\w+)':\n(.*?)<- summary", done.stdout, re.DOTALL))
    failed = {suite: set(re.findall(r"^ ?\d+\. (\w+)\.+ FAIL", text, re.MULTILINE)) for suite, text in suites.items()}
    assert failed == {suite: set(reasons) for suite, reasons in INAPPLICABLE.items()}, done.stdout
    assert {suite: len(re.findall(r"pass", text)) for suite, text in suites.items()} == {
        "basic": 11, "copymove": 13, "props": 30, "http": 4}, done.stdout
