"""Radicale's folder tree in and out, nothing lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from radicale import config
from radicale.app import Application

from radicale_booking import wiring
from radicale_booking.errors import InvalidInput
from radicale_booking.services import transfer
from radicale_booking.services.adapters import Adapters
from tests.services.conftest import Clock, settings_in

ITEMS = 200
CALENDAR = {"tag": "VCALENDAR", "D:displayname": "Größe & <Maß> \"x\" 日本", "ICAL:calendar-color": "#ff0000ff"}
KINDS = ("VEVENT", "VTODO", "VJOURNAL")


def radicale(folder: Path) -> Application:
    configuration = config.load()
    configuration.update({"storage": {"filesystem_folder": str(folder), "type": "multifilesystem"},
                          "auth": {"type": "none"}, "rights": {"type": "authenticated"},
                          "logging": {"level": "critical"}}, "test", privileged=True)
    return Application(configuration)


def calendar_object(kind: str, uid: str) -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//t//EN", f"BEGIN:{kind}", f"UID:{uid}",
             "DTSTAMP:20260101T000000Z", f"SUMMARY:Tür {uid}", "X-ODD;X-P=1:kept"]
    if kind != "VTODO":
        lines.append("DTSTART:20300108T090000Z")
    return "\r\n".join([*lines, f"END:{kind}", "END:VCALENDAR", ""])


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return planted(tmp_path / "radicale", ITEMS)


def planted(folder: Path, items: int) -> Path:
    """What multifilesystem keeps of a user with calendars, contacts, an empty and a nested collection."""
    storage = radicale(folder)._storage
    with storage.acquire_lock("w", "anna"):
        storage.create_collection("/anna/")
        for path, props in (("/anna/cal/", CALENDAR), ("/anna/with space ü/", CALENDAR), ("/anna/empty/", CALENDAR),
                            ("/anna/contacts/", {"tag": "VADDRESSBOOK"}), ("/anna/folder/", {}),
                            ("/anna/folder/inner/", CALENDAR)):
            storage.create_collection(path, None, props)
    root = folder / "collection-root" / "anna"
    for number in range(items):
        where = root / ("cal", "folder/inner")[number % 2]
        text = calendar_object(KINDS[number % 3], f"uid-{number}")
        (where / f"item {number} ü.ics").write_bytes(text.encode())
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c\r\nFN:Zoë\r\nN:Z;;;;\r\nEND:VCARD\r\n"
    (root / "contacts" / "c.vcf").write_bytes(card.encode())
    return folder


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every file with its bytes and every folder below Radicale's root, caches left out."""
    root = folder / "collection-root"
    return {str(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in root.rglob("*")
            if not path.relative_to(root).match("*.Radicale.cache*") and ".Radicale.cache" not in path.parts
            and not path.name.startswith(".Radicale.lock")}


def test_the_export_equals_the_imported_tree_of_thousands(empty: Adapters, tmp_path: Path) -> None:
    tree = planted(tmp_path / "radicale", 2_000)
    done = transfer.import_tree(empty, tree)
    assert (done.items, done.failures) == (2_001, [])
    transfer.export_tree(empty, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tree)


def test_importing_twice_changes_nothing(empty: Adapters, tree: Path, tmp_path: Path) -> None:
    transfer.import_tree(empty, tree)
    assert transfer.import_tree(empty, tree).items == ITEMS + 1
    with empty.store.read() as unit_of_work:
        assert unit_of_work.items.count() == ITEMS + 1
    transfer.export_tree(empty, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tree)


def test_broken_items_are_named_and_the_rest_imported(empty: Adapters, tree: Path) -> None:
    where = tree / "collection-root" / "anna" / "cal"
    (where / "broken.ics").write_text("BEGIN:VCALENDAR\nnonsense")
    (where / "latin.ics").write_bytes(b"BEGIN:VCALENDAR\xff")
    done = transfer.import_tree(empty, tree)
    assert {failure.path for failure in done.failures} == {str(where / "broken.ics"), str(where / "latin.ics")}
    assert all(failure.reason for failure in done.failures)
    assert done.items == ITEMS + 1


def test_an_export_does_not_overwrite(empty: Adapters, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(InvalidInput):
        transfer.export_tree(empty, tmp_path / "out")


def test_roles_survive_into_a_new_database(app: Adapters, clock: Clock, tmp_path: Path) -> None:
    transfer.export_tree(app, tmp_path / "out")
    (tmp_path / "new").mkdir()
    other = wiring.adapters(settings_in(tmp_path / "new"), clock)
    other.store.migrate()
    try:
        transfer.import_tree(other, tmp_path / "out")
        with other.store.read() as unit_of_work:
            ada = unit_of_work.principals.get("ada")
            assert ada is not None
            assert ada.id is not None
            for role, path in (("bookable", "ada/bookable"), ("default", "ada/calendar")):
                found = unit_of_work.collections.by_role(ada.id, role)
                assert found is not None
                assert found.path == path
    finally:
        other.store.close()


def test_radicale_serves_the_export(empty: Adapters, tree: Path, tmp_path: Path) -> None:
    transfer.import_tree(empty, tree)
    transfer.export_tree(empty, tmp_path / "out")
    storage = radicale(tmp_path / "out")._storage
    with storage.acquire_lock("r", "anna"):
        found = {entry.path: entry for entry in storage.discover("/anna/", "1") if hasattr(entry, "get_all")}
        calendar = found["anna/cal"]
        assert calendar.get_meta("D:displayname") == CALENDAR["D:displayname"]
        assert {item.uid for item in calendar.get_all()} == {f"uid-{number}" for number in range(0, ITEMS, 2)}
        assert [item.uid for item in found["anna/contacts"].get_all()] == ["c"]
