from __future__ import annotations

from pathlib import Path

from radicale_booking.store.engine import open_store
from radicale_booking.web import create_app
from tests.web.fake_booking import NOW, fake_adapters


def test_ready_tells_whether_the_database_can_be_used(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/booking.db", clock=lambda: NOW)
    try:
        client = create_app(fake_adapters(store)).test_client()
        assert client.get("/health").get_json() == {"status": "ok"}
        unmigrated = client.get("/ready")
        assert unmigrated.status_code == 503
        assert unmigrated.get_json()["status"] == "unavailable"
        store.migrate()
        assert client.get("/ready").get_json() == {"status": "ready"}
    finally:
        store.close()


def test_ready_without_a_database(tmp_path: Path) -> None:
    (tmp_path / "booking.db").write_bytes(b"this is no database" * 100)
    store = open_store(f"sqlite:///{tmp_path}/booking.db", clock=lambda: NOW)
    try:
        client = create_app(fake_adapters(store)).test_client()
        refused = client.get("/ready")
        assert (refused.status_code, int(refused.headers["Retry-After"]) > 0) == (503, True)
        assert client.get("/health").status_code == 200
    finally:
        store.close()
