"""nginx by the configuration that is shipped."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

CONFIG = Path(__file__).parents[2] / "config"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


def nginx(folder: Path, port: int, backend: str, *, subpath: bool = False) -> list[str]:
    """nginx's command line for the shipped file, with only names, paths and ports put in."""
    text = (CONFIG / "nginx.conf").read_text(encoding="utf-8")
    if subpath:
        inner = (CONFIG / "nginx-subpath.conf").read_text(encoding="utf-8")
        text = re.sub(r"    location / \{.*?\n    \}\n", lambda _: inner, text, flags=re.DOTALL)
    text = re.sub(r"^server \{\n    listen 80;.*?\n\}\n", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;", text)
    text = re.sub(r".*listen \[::\].*\n", "", text).replace("127.0.0.1:5232", backend)
    text = re.sub(r"/etc/letsencrypt\S+/(fullchain|privkey)", rf"{folder}/\1", text)
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                     ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; error_log stderr; pid {folder}/nginx.pid;\n"
        f"events {{}}\nhttp {{ {paths}\n{text} }}\n", encoding="utf-8")
    assert NGINX is not None
    return [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")]
