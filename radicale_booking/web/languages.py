"""The languages of the pages: by ``?lang=``, else by what the browser asks for."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError
from flask import request
from flask_babel import get_locale

#: Catalogue -> the language's own name.
LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français", "it": "Italiano",
             "nl": "Nederlands", "pt": "Português", "ar": "العربية"}


def wanted_locale() -> str:
    """The locale of this request: always one of ``LANGUAGES``, with the browser's region where it names one.

    The region decides about first weekday and 12 or 24 hours.
    """
    asked = request.args.get("lang", "")
    chosen = asked if asked in LANGUAGES else ""
    for tag in request.accept_languages.values():
        locale = _parse(tag)
        if locale is not None and locale.language in LANGUAGES and chosen in ("", locale.language):
            return str(locale)
    return chosen or "en"


def locale() -> Locale:
    """The locale of this request."""
    return get_locale() or Locale("en")


def _parse(tag: str) -> Locale | None:
    # Somebody who reads French lives in a region of which Babel knows no French.
    for known in (tag, tag.partition("-")[0]):
        try:
            parsed = Locale.parse(known, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
        return Locale(parsed.language, parsed.territory) if parsed.territory else Locale(parsed.language)
    return None
