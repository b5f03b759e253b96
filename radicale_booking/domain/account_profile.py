"""How a program is told of an account on this server; never with a password."""

from __future__ import annotations

import plistlib
import uuid
from urllib.parse import quote, urlsplit

_PORTS = {"http": 80, "https": 443}


def davx5_url(public_url: str, user: str) -> str:
    """What DAVx5 opens with address and user filled in."""
    parts = urlsplit(public_url)
    return f"davx5://{quote(user, safe='')}@{parts.netloc}{parts.path}/"


def apple_profile(public_url: str, user: str, title: str) -> bytes:
    """A configuration profile for macOS and iOS with the calendar and address book account; the device asks for the
    password. The same account has the same identifiers, so that installing it again replaces it."""
    parts = urlsplit(public_url)
    secure, port = parts.scheme == "https", parts.port or _PORTS[parts.scheme]
    host = ".".join(reversed((parts.hostname or "localhost").split(".")))

    def payload(kind: str, prefix: str) -> dict[str, object]:
        name = f"{host}.{kind}.{quote(user, safe='')}"
        return {
            "PayloadType": f"com.apple.{kind}.account", "PayloadVersion": 1, "PayloadIdentifier": name,
            "PayloadUUID": _identifier(name), "PayloadDisplayName": title,
            f"{prefix}AccountDescription": title, f"{prefix}HostName": parts.hostname or "", f"{prefix}Port": port,
            f"{prefix}UseSSL": secure, f"{prefix}Username": user,
            f"{prefix}PrincipalURL": f"{public_url}/{quote(user, safe='')}/",
        }

    name = f"{host}.profile.{quote(user, safe='')}"
    return plistlib.dumps({
        "PayloadType": "Configuration", "PayloadVersion": 1, "PayloadIdentifier": name,
        "PayloadUUID": _identifier(name), "PayloadDisplayName": title,
        "PayloadContent": [payload("caldav", "CalDAV"), payload("carddav", "CardDAV")],
    })


def _identifier(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name)).upper()
