"""Radicale's folder tree: ``collection-root/<user>/<collection>/`` with a file an item and ``.Radicale.props``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import vobject.base
from radicale import item as radicale_item
from radicale import pathutils

from radicale_booking.domain.principal import RESERVED_NAMES
from radicale_booking.errors import InvalidInput

_PROPS = ".Radicale.props"
_ROOT = "collection-root"


@dataclass(frozen=True, slots=True)
class TreeItem:
    """An item file; ``text`` is the file's, to the byte."""

    href: str
    uid: str
    name: str
    component: str
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A file or folder that could not be taken over, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class TreeCollection:
    """A folder; ``path`` has no slash at its ends."""

    path: str
    props: Mapping[str, str]
    folder: Path

    def items(self) -> Iterator[TreeItem | Failure]:
        """The items in it; a collection without a tag has none."""
        if not self.props.get("tag"):
            return
        for file in _files(self.folder):
            try:
                yield _read_item(file, self.props["tag"])
            except (ValueError, AttributeError, RuntimeError, OSError, vobject.base.VObjectError) as error:
                yield Failure(str(file), " ".join(str(error).split()) or type(error).__name__)


def root_of(path: Path) -> Path:
    """The folder that holds the users: ``path`` or ``path/collection-root``. Raises ``InvalidInput``."""
    root = path / _ROOT if (path / _ROOT).is_dir() else path
    if not root.is_dir():
        raise InvalidInput("Radicale's folder", str(path), "is not a folder", "give [storage] filesystem_folder")
    return root


def count_items(root: Path) -> int:
    """How many files look like items."""
    return sum(1 for folder, _, files in os.walk(root) if ".Radicale.cache" not in folder
               for name in files if not name.startswith("."))


def collections(root: Path) -> Iterator[TreeCollection | Failure]:
    """Every collection below ``root``, a parent before its children."""
    yield from _below(root, "")


def _below(folder: Path, path: str) -> Iterator[TreeCollection | Failure]:
    for child in sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")):
        child_path = f"{path}/{child.name}" if path else child.name
        if not pathutils.is_safe_path_component(child.name) or child.name.strip() == "":
            yield Failure(str(child), "the folder's name cannot be a collection's")
            continue
        if not path and child.name in RESERVED_NAMES:
            yield Failure(str(child), "the user's name is a word of the server's own addresses; rename the folder")
            continue
        try:
            props = _read_props(child)
        except (ValueError, AttributeError, TypeError, OSError) as error:
            yield Failure(str(child / _PROPS), f"its properties cannot be read: {error}")
            props = {}
        yield TreeCollection(child_path, props, child)
        yield from _below(child, child_path)


def _read_props(folder: Path) -> dict[str, str]:
    file = folder / _PROPS
    if not file.exists():
        return {}
    return dict(radicale_item.check_and_sanitize_props(json.loads(file.read_text(encoding="utf-8"))))


def _files(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith("."))


def _read_item(file: Path, tag: str) -> TreeItem:
    text = file.read_bytes().decode("utf-8")
    components = radicale_item.read_components(text)
    radicale_item.check_and_sanitize_items(components, 0, tag=tag)
    component, = components
    return TreeItem(file.name, radicale_item.get_uid_from_object(component), component.name,
                    radicale_item.find_tag(component), text)


def write_collection(root: Path, path: str, props: Mapping[str, str]) -> Path:
    """Make the folder of the collection ``path``; where it is."""
    folder = root / _ROOT / path
    folder.mkdir(parents=True, exist_ok=True)
    if props:
        (folder / _PROPS).write_text(json.dumps(dict(props), sort_keys=True), encoding="utf-8")
    return folder


def write_item(folder: Path, href: str, text: str) -> None:
    """Write an item's file. Raises ``OSError``, ``ValueError`` where the file system cannot hold the name."""
    if not pathutils.is_safe_filesystem_path_component(href):
        raise ValueError(f"{href!r} cannot be a file's name")
    (folder / href).write_bytes(text.encode("utf-8"))
