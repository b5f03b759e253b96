"""What event types ask, and which answers count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.question import KINDS, Question, answers, as_text, parse
from radicale_booking.errors import InvalidEventType, InvalidInput


def question(kind: str, *, required: bool = False) -> Question:
    choices = ("red", "green", "blue") if kind.startswith("choice") else ()
    return Question("q", "What?", kind, required, choices)


@pytest.mark.parametrize(("text", "expected"), [
    ("text Your company", Question("your-company", "Your company")),
    ("text! Your company", Question("your-company", "Your company", required=True)),
    ("choice Colour = red | green", Question("colour", "Colour", "choice", choices=("red", "green"))),
    ("choices! Farbe=rot|grün|", Question("farbe", "Farbe", "choices", required=True, choices=("rot", "grün"))),
    ("number How many? = many", Question("how-many-many", "How many? = many", "number")),
    ("text 日本", Question("question", "日本")),
    ("text Größe", Question("groe", "Größe")),
])
def test_a_question_as_it_is_written(text: str, expected: Question) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize("text", ["", "text", "riddle What?", "choice Colour", "choice Colour = red | red", "Text Name",
                                  "choices = a | b"])
def test_what_is_no_question(text: str) -> None:
    with pytest.raises(InvalidEventType) as refused:
        parse(text)
    assert refused.value.remedy


@pytest.mark.parametrize("key", ["", "A", "-a", "a b", "a" * 41, "ä"])
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(InvalidEventType):
        Question(key, "What?")


def test_only_choices_have_choices() -> None:
    for kind in KINDS:
        with pytest.raises(InvalidEventType):
            Question("q", "What?", kind, choices=() if kind.startswith("choice") else ("a",))


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_is_written_and_read_alike(kind: str) -> None:
    asked = question(kind, required=True)
    assert Question.from_json(asked.to_json()) == asked


@pytest.mark.parametrize("given", [{}, {"key": "a"}, {"label": "A"}, {"key": "a", "label": "A", "colour": "red"}])
def test_what_is_not_described_as_a_question(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidEventType):
        Question.from_json(given)


@pytest.mark.parametrize(("kind", "entered", "answer"), [
    ("text", ["  Ada "], "Ada"), ("text", ["x" * 500], "x" * 500), ("text", ["", "Ada"], "Ada"),
    ("long_text", ["one\r\ntwo"], "one\ntwo"), ("long_text", ["x" * 5000], "x" * 5000), ("long_text", ["a\tb"], "a\tb"),
    ("choice", ["green"], "green"), ("choices", ["blue"], ["blue"]), ("choices", ["blue", "red"], ["red", "blue"]),
    ("choices", ["red", "red"], ["red"]), ("checkbox", ["on"], True), ("checkbox", ["YES"], True),
    ("number", ["3"], 3), ("number", ["-1.5"], -1.5), ("number", ["1,5"], 1.5), ("number", ["1e3"], 1000),
    ("number", ["0"], 0), ("phone", ["+49 (30) 12-34/5"], "+49 (30) 12-34/5"), ("phone", ["1234"], "1234"),
    ("email", ["ada@example.org"], "ada@example.org"), ("url", ["https://example.org/a?b#c"], "https://example.org/a?b#c"),
])
def test_an_answer(kind: str, entered: list[str], answer: Any) -> None:
    for required in (False, True):
        found = answers([question(kind, required=required)], {"q": entered})
        assert found == {"q": answer}
        assert type(found["q"]) is type(answer)


@pytest.mark.parametrize(("kind", "entered"), [
    ("text", ["a", "b"]), ("text", ["x" * 501]), ("text", ["two\nlines"]), ("text", ["a\x00"]), ("text", ["a\u2028b"]),
    ("long_text", ["x" * 5001]), ("long_text", ["a\x07"]), ("choice", ["Red"]), ("choice", ["red", "green"]),
    ("choices", ["red", "purple"]), ("checkbox", ["perhaps"]), ("number", ["three"]), ("number", ["nan"]),
    ("number", ["inf"]), ("number", ["1e16"]), ("number", ["1_000"]), ("number", ["٣"]), ("phone", ["call me"]),
    ("phone", ["123"]), ("phone", ["1" * 31]), ("email", ["ada"]), ("email", ["ada@example"]),
    ("email", ["ada@ex ample.org"]), ("email", ["a@b@example.org"]), ("email", ["ada@example.org>"]),
    ("url", ["example.org"]), ("url", ["javascript:alert(1)"]), ("url", ["https://"]), ("url", ["https://a b"]),
])
def test_what_is_no_answer(kind: str, entered: list[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        answers([question(kind)], {"q": entered})
    assert refused.value.name == "answers.q"
    assert refused.value.remedy


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("entered", [{}, {"q": []}, {"q": [""]}, {"q": ["  "]}])
def test_an_answer_may_be_left_out_unless_it_is_required(kind: str, entered: dict[str, list[str]]) -> None:
    assert answers([question(kind)], entered) == {}
    with pytest.raises(InvalidInput) as refused:
        answers([question(kind, required=True)], entered)
    assert refused.value.problem == "is required"


def test_a_box_that_must_be_ticked_must_be_ticked() -> None:
    assert answers([question("checkbox")], {"q": ["off"]}) == {}
    with pytest.raises(InvalidInput):
        answers([question("checkbox", required=True)], {"q": ["no"]})


def test_what_is_not_asked_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        answers([question("text")], {"q": ["a"], "admin": ["yes"]})
    assert refused.value.name == "answers.admin"


def test_answers_in_the_order_of_the_questions() -> None:
    asked = [Question("b", "B"), Question("a", "A", "choices", choices=("x", "y")), Question("c", "C", "checkbox"),
             Question("d", "D", "number")]
    given_answers = answers(asked, {"c": ["on"], "a": ["y", "x"], "b": ["1"]})
    assert as_text(asked, given_answers) == [("B", "1"), ("A", "x, y"), ("C", "✓")]
    assert as_text(asked, {"c": False, "d": 2.5}) == [("C", "–"), ("D", "2.5")]


@given(st.sampled_from(KINDS), st.lists(st.text(max_size=30), max_size=3))
def test_whatever_is_entered_is_an_answer_or_refused_by_name(kind: str, entered: list[str]) -> None:
    asked = question(kind)
    found: Mapping[str, Any] | InvalidInput
    try:
        found = answers([asked], {"q": entered})
    except InvalidInput as refused:
        found = refused
    if isinstance(found, InvalidInput):
        assert (found.name, bool(found.problem), bool(found.remedy)) == ("answers.q", True, True)
    else:
        # What was accepted is accepted again, and is the same.
        again = found["q"] if found and isinstance(found["q"], list) else [str(value) for value in found.values()]
        assert answers([asked], {"q": again}) == found
