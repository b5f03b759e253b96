"""Mail of a few sentences: the test, and what in bookable hours could not be read; else as ``page``."""

from __future__ import annotations

from collections.abc import Sequence

from radicale_booking.domain.window_settings import Problem
from radicale_booking.notify import problem_words, wording
from radicale_booking.notify.look import Look
from radicale_booking.notify.page import Page


def render_test(language_tag: str, look: Look) -> Page:
    """That mail works."""
    return _render(language_tag, look, "test", wording.TEST_SUBJECT, wording.TEST_HEADING, wording.TEST_WORDS)


def render_problems(problems: Sequence[Problem], language_tag: str, look: Look) -> Page:
    """Lines in bookable hours that could not be read."""
    translate = wording.catalogue(wording.known_language(language_tag)).gettext
    return _render(language_tag, look, "window-problem", wording.PROBLEMS_SUBJECT, wording.PROBLEMS_HEADING,
                   wording.PROBLEMS_INTRODUCTION, wording.PROBLEMS_HINT,
                   [(problem.line, "; ".join(problem_words.said(words, translate)
                                             for words in (problem.reason, problem.remedy)))
                    for problem in problems])


def _render(language_tag: str, look: Look, stem: str, subject: str, heading: str, words: str, hint: str = "",
            entries: Sequence[tuple[str, str]] = ()) -> Page:
    language, locale = wording.known_language(language_tag), wording.locale_of(language_tag)
    translate = wording.catalogue(language).gettext
    values: dict[str, object] = {
        "language": language, "direction": locale.text_direction, "subject": translate(subject),
        "heading": translate(heading), "words": translate(words), "entries": entries,
        "hint": translate(hint) if hint else ""}
    return Page(translate(subject), translate(heading), look.fill((f"{stem}.txt", "plain.txt"), values),
                look.fill((f"{stem}.html", "plain.html"), values), language)
