"""Evolution's data server by introspection; run by the system's Python, which alone has it, within a D-Bus session.

Reads from standard input as JSON: ``host``, ``port``, ``path`` of the calendar, ``user``, ``password``, the texts of
VEVENTs to ``create``, and ``wanted``: what must be in the events, each in one, before they are told. ``then`` is what
is done with the event that has the first of it: "drag" it half an hour on, "delete" it, or nothing. Writes the texts of
all events as JSON into the file that its argument names: what D-Bus starts writes to standard output too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import gi

gi.require_version("EDataServer", "1.2")
gi.require_version("ECal", "2.0")
gi.require_version("ICalGLib", "3.0")
from gi.repository import ECal, EDataServer, GLib, ICalGLib  # noqa: E402 - after their versions

LIMIT_SECONDS = 90
POLL_MILLISECONDS = 50
#: Of ``ECal.Client.connect``: it does not wait for the connection, for which it asks the password through our loop.
NO_WAIT = 2**32 - 1


def source_in(registry: EDataServer.SourceRegistry, task: dict[str, Any]) -> EDataServer.Source:
    """A new source, as the dialog for a calendar on the network writes it."""
    source = EDataServer.Source.new(None, None)
    source.set_parent("caldav-stub")
    source.set_display_name("Calendar")
    source.get_extension("Calendar").set_backend_name("caldav")
    login = source.get_extension("Authentication")
    login.set_host(task["host"])
    login.set_port(task["port"])
    login.set_user(task["user"])
    login.set_method("plain/password")
    address = source.get_extension("WebDAV Backend")
    address.set_resource_path(task["path"])
    address.set_calendar_auto_schedule(True)
    source.get_extension("Security").set_method("none")
    source.get_extension("Offline").set_stay_synchronized(True)
    registry.commit_source_sync(source, None)
    return registry.ref_source(source.get_uid())


class Program:
    """Connects, creates, and looks until what is wanted is there."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.task = task
        self.loop = GLib.MainLoop()
        self.events: list[str] = []
        self.failure = "nothing came in time"
        self.client: Any = None
        # As long as there is one, the source hears of what happens.
        self.registry = EDataServer.SourceRegistry.new_sync(None)
        self.source = source_in(self.registry, task)
        self.source.connect("credentials-required", self.give_password)
        GLib.timeout_add_seconds(LIMIT_SECONDS, self.loop.quit)
        ECal.Client.connect(self.source, ECal.ClientSourceType.EVENTS, NO_WAIT, None, self.opened)

    def opened(self, _: Any, result: Any) -> None:
        self.client = ECal.Client.connect_finish(result)

    def give_password(self, source: EDataServer.Source, reason: Any, *_: Any) -> None:
        if reason != EDataServer.SourceCredentialsReason.REQUIRED:
            self.end(f"the password is not taken: {reason}")
            return
        # It says that it is connected even before a password is asked for; what is created then stays where it is.
        source.connect("notify::connection-status", self.status_changed)
        credentials = EDataServer.NamedParameters.new()
        credentials.set("username", self.task["user"])
        credentials.set("password", self.task["password"])
        source.invoke_authenticate(credentials, None, lambda one, result: one.invoke_authenticate_finish(result))

    def status_changed(self, source: EDataServer.Source, _: Any) -> None:
        if source.get_connection_status() == EDataServer.SourceConnectionStatus.CONNECTED:
            source.disconnect_by_func(self.status_changed)
            GLib.timeout_add(POLL_MILLISECONDS, self.create)

    def create(self) -> bool:
        if self.client is None:
            return True
        try:
            for text in self.task["create"]:
                self.client.create_object_sync(ICalGLib.Component.new_from_string(text), 0, None)
        except GLib.Error as error:
            self.end(error.message)
        else:
            GLib.timeout_add(POLL_MILLISECONDS, self.look)
        return False

    def look(self) -> bool:
        _, found = self.client.get_object_list_sync("#t", None)
        self.events = [component.as_ical_string().replace("\r\n ", "") for component in found]
        if not all(any(wanted in event for event in self.events) for wanted in self.task["wanted"]):
            return True
        failure = ""
        try:
            for component in found:
                if self.task["wanted"][0] in component.as_ical_string().replace("\r\n ", ""):
                    self.change(component)
        except GLib.Error as error:
            failure = error.message
        self.end(failure)
        return False

    def change(self, component: ICalGLib.Component) -> None:
        if self.task["then"] == "delete":
            self.client.remove_object_sync(component.get_uid(), None, ECal.ObjModType.ALL, 0, None)
        elif self.task["then"] == "drag":
            start, end = component.get_dtstart(), component.get_dtend()
            for moment in (start, end):
                moment.adjust(0, 0, 30, 0)
            component.set_dtstart(start)
            component.set_dtend(end)
            self.client.modify_object_sync(component, ECal.ObjModType.ALL, 0, None)

    def end(self, failure: str) -> None:
        self.failure = failure
        self.loop.quit()


if __name__ == "__main__":
    program = Program(json.load(sys.stdin))
    program.loop.run()
    if program.failure:
        sys.exit(f"{program.failure}: {program.events}")
    Path(sys.argv[1]).write_text(json.dumps(program.events), encoding="utf-8")
