"""What an archive says of itself: the file ``manifest.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from radicale_booking.errors import InvalidInput

MANIFEST = "manifest.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class TableDigest:
    """How many rows a table has, and what tells their contents apart (hexadecimal)."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """``made`` (aware UTC): the instant of the snapshot. ``files``: name -> SHA-256 (hexadecimal). ``chain``: of a
    continuous copy, whose pieces follow it. ``recovery``: of a whole PostgreSQL server, see ``copy_cluster``."""

    made: datetime
    program: str
    engine: str
    schema: int
    public_url: str
    tables: Mapping[str, TableDigest]
    files: Mapping[str, str]
    chain: str = ""
    recovery: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> str:
        """The text of the file."""
        return json.dumps({
            "format": _FORMAT, "made": self.made.isoformat(), "program": self.program, "engine": self.engine,
            "schema": self.schema, "public_url": self.public_url, "chain": self.chain, "recovery": dict(self.recovery),
            "files": dict(self.files),
            "tables": {name: {"rows": table.rows, "digest": table.digest} for name, table in self.tables.items()},
        }, indent=1)


def read_manifest(file: Path, shown: str) -> Manifest:
    """The manifest in ``file`` of the archive ``shown``. Raises ``InvalidInput``."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if found["format"] > _FORMAT:
            raise InvalidInput("archive", shown, f"was made by the newer version {found['program']}",
                               "install that version")
        return Manifest(
            made=datetime.fromisoformat(found["made"]), program=found["program"], engine=found["engine"],
            schema=found["schema"], public_url=found["public_url"], files=dict(found["files"]),
            chain=found.get("chain", ""), recovery=found.get("recovery", {}),
            tables={name: TableDigest(table["rows"], table["digest"]) for name, table in found["tables"].items()})
    except FileNotFoundError:
        raise InvalidInput("archive", shown, "has no manifest.json", "take an archive of backup create") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput("archive", shown, f"has a damaged manifest: {error!r}", "take another archive") from error
