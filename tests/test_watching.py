"""The alerts and the dashboard in config/ ask for what /metrics tells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from radicale_booking import web
from radicale_booking.errors import SlotTaken
from radicale_booking.observed import Observed
from radicale_booking.services import backup, booking
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import NINE, wish
from tests.services.conftest import app, clock, empty  # noqa: F401 - fixtures

CHECKOUT = Path(__file__).parents[1]
ALERTS = CHECKOUT / "config" / "prometheus-alerts.yaml"
DASHBOARD = CHECKOUT / "config" / "grafana-dashboard.json"
#: What Prometheus itself adds.
_OF_PROMETHEUS = {"instance", "job"}
#: Requests, latencies by operation, bookings, refusals by rule, age of outbox and backup, size, waits for the lock.
_WATCHED = {"booking_requests_total", "booking_request_seconds_bucket", "booking_bookings_total",
            "booking_refusals_total", "booking_outbox_oldest_seconds", "booking_backup_age_seconds",
            "booking_database_octets", "booking_write_wait_seconds_bucket"}


def rules() -> list[dict[str, Any]]:
    read = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))
    return [rule for group in read["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]


def asked(of: str) -> Iterator[str]:
    if of == "alerts":
        yield from (rule["expr"] for rule in rules())
    else:
        yield from (target["expr"] for panel in panels() for target in panel["targets"])


def names(expressions: Iterator[str]) -> set[str]:
    return {name for text in expressions for name in re.findall(r"\bbooking_\w+", text)}


@pytest.fixture
def told(app: Adapters) -> dict[str, set[str]]:  # noqa: F811
    """The names of all samples of a site that has been used, and their labels."""
    booking.reserve(app, wish(NINE))
    with pytest.raises(SlotTaken):
        booking.reserve(app, wish(NINE, email="zoe@example.org"))
    backup.create(app)
    pages = web.create_app(app)
    pages.wsgi_app = Observed(pages.wsgi_app, app.meter)  # type: ignore[method-assign]
    client = pages.test_client()
    assert client.get("/health").status_code == 200
    text = client.get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"}).text
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.mark.parametrize("of", ["alerts", "dashboard"])
def test_what_they_ask_for_is_told(told: dict[str, set[str]], of: str) -> None:
    assert len(names(asked(of))) > 8
    assert names(asked(of)) <= set(told)
    for text in asked(of):
        known = set.union(_OF_PROMETHEUS, *(told[name] for name in names(iter([text]))))
        used = {label for group in re.findall(r"\b(?:by|on) \(([^)]*)\)", text) for label in re.findall(r"\w+", group)}
        used |= {label for group in re.findall(r"\{([^}]*)\}", text) for label in re.findall(r"(\w+)\s*[!=]", group)}
        assert used <= known, text


def test_all_that_matters_is_watched(told: dict[str, set[str]]) -> None:
    assert set(told) >= _WATCHED
    assert names(asked("dashboard")) >= _WATCHED
    assert {"operation", "le"} <= told["booking_request_seconds_bucket"]
    assert "rule" in told["booking_refusals_total"]


def test_every_alert_says_what_to_do() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning"), rule
        assert rule["annotations"]["summary"], rule
        for page in re.findall(r"docs/[\w/.-]+\.md", rule["annotations"]["action"]):
            assert (CHECKOUT / page).is_file(), page
    assert len({rule["alert"] for rule in rules()}) == len(rules())


def test_every_panel_draws_something_of_the_source_chosen() -> None:
    chosen = {one["name"] for one in json.loads(DASHBOARD.read_text(encoding="utf-8"))["templating"]["list"]}
    assert chosen == {"source", "instance"}
    for panel in panels():
        assert panel["datasource"] == {"type": "prometheus", "uid": "${source}"}, panel["title"]
        assert panel["targets"], panel["title"]
        assert all('instance=~"$instance"' in target["expr"] for target in panel["targets"]), panel["title"]
