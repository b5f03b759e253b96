"""Take over everything from Radicale's folder tree, and give everything back to one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.domain.principal import Principal
from radicale_booking.errors import InvalidInput
from radicale_booking.importers import radicale_tree
from radicale_booking.importers.radicale_tree import Failure, TreeCollection
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.collections import CollectionRow
    from radicale_booking.store.unit_of_work import UnitOfWork

#: Tells the server's own collections (bookable hours, default calendar) from others.
ROLE_PROPERTY = "{urn:radicale-booking:}role"

Advance = Callable[[int, int], None]


@dataclass
class Report:
    """What was moved: the numbers of ``collections`` and ``items``, and what could not be."""

    collections: int = 0
    items: int = 0
    failures: list[Failure] = field(default_factory=list)


def import_tree(app: Adapters, path: Path, advance: Advance = lambda done, total: None) -> Report:
    """Import the tree at ``path``; an item that exists is replaced, what is broken is reported and left out.

    Each collection is one transaction. ``advance(done, total)`` counts items. Raises ``InvalidInput``.
    """
    root = radicale_tree.root_of(path)
    total = radicale_tree.count_items(root)
    report = Report()

    def imported(items: int) -> None:
        advance(report.items + items, total)

    for found in radicale_tree.collections(root):
        if isinstance(found, Failure):
            report.failures.append(found)
            continue
        part = _import_collection(app, found, imported)
        report = Report(report.collections + 1, report.items + part.items, [*report.failures, *part.failures])
    return report


@again.if_undone
def _import_collection(app: Adapters, found: TreeCollection, advance: Callable[[int], None]) -> Report:
    report = Report()
    with app.store.write(actor="import", principal=found.path.split("/")[0]) as unit_of_work:
        _import_members(app, unit_of_work, found, report, advance)
    return report


def _import_members(app: Adapters, unit_of_work: UnitOfWork, found: TreeCollection, report: Report,
                    advance: Callable[[int], None]) -> None:
    row = _ensure_collection(unit_of_work, found)
    owner = unit_of_work.principals.owner_of(row)
    for item in found.items():
        if isinstance(item, Failure):
            report.failures.append(item)
            continue
        index = app.calendar.index(item.text, now=unit_of_work.now, owner=owner)
        unit_of_work.items.store(
            row.id, href=item.href, uid=item.uid, name=item.name, component=item.component, text=item.text,
            index=index)
        report.items += 1
        advance(report.items)


def _ensure_collection(unit_of_work: UnitOfWork, found: TreeCollection) -> CollectionRow:
    collections = unit_of_work.collections
    if "/" not in found.path and unit_of_work.principals.get(found.path) is None:
        unit_of_work.principals.add(Principal(found.path))
    props = dict(found.props)
    role = props.pop(ROLE_PROPERTY, None)
    existing = collections.get(found.path)
    if existing is None:
        return collections.add(found.path, props.get("tag", ""), props, _free_role(unit_of_work, found.path, role))
    collections.set_props(existing, props, props.get("tag", ""))
    return existing


def _free_role(unit_of_work: UnitOfWork, path: str, role: str | None) -> str | None:
    """``role`` if it is one and the principal has no collection of that role yet."""
    principal = unit_of_work.principals.get(path.split("/")[0])
    if role not in ("bookable", "default") or principal is None or principal.id is None:
        return None
    return role if unit_of_work.collections.by_role(principal.id, role) is None else None


def export_tree(app: Adapters, path: Path, advance: Advance = lambda done, total: None) -> Report:
    """Write all collections and items as a folder that Radicale serves, from one snapshot.

    Raises ``InvalidInput`` when ``path`` holds something already.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InvalidInput("folder", str(path), "is not empty", "give one that is empty or does not exist")
    report = Report()
    with app.store.read() as unit_of_work:
        rows = unit_of_work.collections.all()
        total = unit_of_work.items.count()
        for row in rows:
            props = {**row.props, **({ROLE_PROPERTY: row.role} if row.role else {})}
            folder = radicale_tree.write_collection(path, row.path, props)
            report.collections += 1
            for item in unit_of_work.items.all(row.id):
                try:
                    radicale_tree.write_item(folder, item.href, item.text)
                except (OSError, ValueError) as error:
                    report.failures.append(Failure(f"{row.path}/{item.href}", str(error)))
                    continue
                report.items += 1
                advance(report.items, total)
    return report
