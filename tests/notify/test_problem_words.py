"""Why a line in bookable hours cannot be read is said in the host's language."""

from __future__ import annotations

import ast
import inspect
from datetime import timedelta
from types import ModuleType

import pytest

from radicale_booking.domain import location, window_settings
from radicale_booking.domain.event_type import EventType
from radicale_booking.errors import InvalidEventType
from radicale_booking.notify import problem_words, wording

#: Said of what no window can say.
_NEVER = {"is no kind of place", "one of ", "is not described so", "give kind and value", "is not offered",
          "choose one that is", "is missing, too long or has control characters", "say where",
          "is not a telephone number", "write it like +49 30 1234567"}


def literals(module: ModuleType) -> set[str]:
    """The beginnings of the sentences that ``module`` gives to its errors."""
    found = set()
    for call in ast.walk(ast.parse(inspect.getsource(module))):
        named = getattr(getattr(call, "func", None), "id", "")
        if isinstance(call, ast.Call) and named in ("_refused", "InvalidInput", "InvalidEventType"):
            for said in call.args[0 if named == "_refused" else 2:]:
                both = [said.body, said.orelse] if isinstance(said, ast.IfExp) else [said]
                for one in both:
                    first = one.values[0] if isinstance(one, ast.JoinedStr) else one
                    if isinstance(first, ast.Constant):
                        found.add(str(first.value))
    return found


@pytest.mark.parametrize("module", [window_settings, location])
def test_there_is_a_sentence_for_all_that_can_be_wrong(module: ModuleType) -> None:
    missing = {said for said in literals(module) - _NEVER
               if not any(sentence.startswith(said) for sentence in problem_words.SENTENCES)}
    assert missing == set()
    assert len(literals(module)) > 5


@pytest.mark.parametrize("language", ["ar", "de", "es", "fr", "it", "nl", "pt"])
@pytest.mark.parametrize("line", ["duration: soon", "duration: 48h", "duraton: 30m", "frobnicate: 30m", "limit: 3",
                                  "horizon: 2026-02-01..2026-01-01", "colour: mauve", "verify: perhaps", "seats: many",
                                  "timezone: Mars/Base", "location: jitsi=meet"])
def test_what_is_wrong_is_said_in_the_language(line: str, language: str) -> None:
    [problem] = window_settings.read(line).problems
    translate = wording.catalogue(language).gettext
    for english in (problem.reason, problem.remedy):
        said = problem_words.said(english, translate)
        assert said != english
        assert "%(" not in said
        assert problem_words.said(english, lambda sentence: sentence) == english


def test_rules_that_contradict_each_other() -> None:
    with pytest.raises(InvalidEventType) as refused:
        EventType("ada", "talk", "Talk", timedelta(minutes=30), seats=3, other_durations=(timedelta(minutes=60),))
    translate = wording.catalogue("de").gettext
    assert problem_words.said(refused.value.problem, translate).startswith("ein Gruppentermin")
    assert problem_words.said(refused.value.remedy, translate) != refused.value.remedy


def test_what_nobody_has_foreseen_stays_as_it_is() -> None:
    assert problem_words.said("is odd", wording.catalogue("de").gettext) == "is odd"
