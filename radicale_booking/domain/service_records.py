"""The DNS records by which programs find a server from an e-mail address (RFC 6764 §3, §4)."""

from __future__ import annotations

from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def service_records(public_url: str, domain: str) -> list[str]:
    """Lines of a zone file for ``domain``, for the server at the absolute ``public_url``."""
    parts = urlsplit(public_url)
    secure = "s" if parts.scheme == "https" else ""
    port = parts.port or _PORTS[parts.scheme]
    path = parts.path.rstrip("/") + "/"
    records = []
    for service in ("caldav", "carddav"):
        name = f"_{service}{secure}._tcp.{domain}."
        records += [f"{name} SRV 0 1 {port} {parts.hostname}.", f'{name} TXT "path={path}"']
        if secure:
            # A program that only looks for the plain service learns that there is none.
            records.append(f"_{service}._tcp.{domain}. SRV 0 0 0 .")
    return records
