"""What is wrong with a field, in the visitor's language: the services say it in English, for those who run the site."""

from __future__ import annotations

from flask_babel import gettext

from radicale_booking.errors import InvalidInput


def said(error: InvalidInput) -> str:
    """A sentence to stand at the field."""
    found = next((words for part, words in _sentences().items() if part in error.problem), "")
    if not found and error.name == "location":
        found = gettext("Please say where.") if not error.value else ""
    return found or gettext("Please check this.")


def _sentences() -> dict[str, str]:
    """Part of what a service says -> what the visitor reads."""
    return {
        "is required": gettext("Please answer this."),
        "is longer than": gettext("This is too long."),
        "not a number": gettext("Enter digits, such as 12."),
        "telephone number": gettext("Enter a telephone number, such as +49 30 1234567."),
        "web address": gettext("Enter a web address, such as https://example.org."),
        "e-mail address": gettext("Enter an address such as ada@example.org."),
        "are more than": gettext("These are too many guests."),
    }
