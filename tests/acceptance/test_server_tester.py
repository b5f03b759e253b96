"""caldav-server-tester, which finds out what a server can do, at a real server with three users.

Whatever it asks about is fully supported, or stands with its reason in ``EXCEPTIONS``.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

from tests.acceptance.server import serve
from tests.acceptance.site import PASSWORD, SiteFiles, add_users

#: Feature: what the tester says of it, and why that is right.
EXCEPTIONS = {
    "create-calendar.auto": ("unsupported", "a request for a calendar that is not there is an error, not a wish"),
    "url.encode-at.identity": ("unsupported", "@ and %40 name the same resource, as programs that write either expect"),
    "url.encode-at.literal.principal": ("unknown", "no user of this site has an @ in the name"),
    "search.text.comp-type-optional": ("unsupported", "a prop-filter below VCALENDAR tests the properties of VCALENDAR "
                                       "itself (RFC 4791 §9.7.1); the tester's own profile expects this"),
}
#: If one of these is not asked about any more, the test says nothing about it.
ASKED = {
    "scheduling", "scheduling.mailbox", "scheduling.mailbox.inbox-delivery", "scheduling.auto-schedule",
    "scheduling.schedule-tag", "scheduling.schedule-tag.stable-partstat", "scheduling.freebusy-query",
    "scheduling.calendar-user-address-set", "freebusy-query", "sync-token", "sync-token.delete",
    "sync-token.invalid-token", "sync-token.limit", "sync-token.limit.initial-sync", "principal-search",
    "principal-search.by-name.self", "principal-search.list-all", "search.time-range.event", "search.time-range.todo",
    "search.time-range.alarm", "search.text.category", "search.text.case-sensitive", "search.text.case-insensitive",
    "search.text.substring", "search.combined-is-logical-and", "search.is-not-defined", "search.comp-type",
    "search.recurrences.includes-implicit.event", "search.recurrences.includes-implicit.todo",
    "search.recurrences.expanded.event", "search.recurrences.expanded.exception", "search.recurrences.expanded.todo",
    "search.time-range.open.start", "search.time-range.open.end", "well-known", "save.etag",
}


def test_every_feature_is_there_or_has_a_reason(site: SiteFiles, tmp_path: Path) -> None:
    add_users(site.config, "bob", "carl")
    # The tester asks for /.well-known nowhere where the host has one of the names of this machine.
    with serve(site.config, "--host", "127.0.0.2") as server:
        accounts = {name: {"caldav_url": f"{server.url}/", "caldav_username": name, "caldav_password": PASSWORD}
                    for name in ("anna", "bob", "carl")}
        config = tmp_path / "calendar.conf"
        config.write_text(json.dumps(accounts), encoding="utf-8")
        sections = [argument for name in accounts for argument in ("--config-section", name)]
        done = subprocess.run(
            [sys.executable, "-m", "caldav_server_tester.caldav_server_tester", "--format", "hints", *sections],
            env={"CALDAV_CONFIG_FILE": str(config), "HOME": str(tmp_path)}, cwd=tmp_path, capture_output=True,
            text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = ast.literal_eval(done.stdout)
    support = {name: details["support"] for name, details in found.items() if "support" in details}
    assert set(support) >= ASKED, ASKED - set(support)
    assert {name: value for name, value in support.items() if value != "full"} == {
        name: value for name, (value, _) in EXCEPTIONS.items()}, done.stdout + done.stderr + "".join(server.lines)
