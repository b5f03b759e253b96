"""What an event type asks its invitees, and how answers are checked."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from radicale_booking.errors import InvalidEventType, InvalidInput

KINDS = ("text", "long_text", "choice", "choices", "checkbox", "number", "phone", "email", "url")
LONGEST_TEXT = 500
LONGEST_LONG_TEXT = 5000
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_PHONE = re.compile(r"\+?[0-9 ()./-]{4,30}")
_EMAIL = re.compile(r"[^@\s<>\"(),:;\\\[\]]{1,64}@[^@\s<>\"(),:;\\\[\]]+\.[^@\s<>\"(),:;\\\[\].]+")
_URL = re.compile(r"https?://[^\s/?#@]+\.?[^\s]*")

Answer = str | list[str] | bool | int | float


@dataclass(frozen=True, slots=True)
class Question:
    """A question of ``kind`` (one of ``KINDS``); ``choices`` only where the kind has them.

    Raises ``InvalidEventType``.
    """

    key: str
    label: str
    kind: str = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    help: str = ""

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise InvalidEventType("question", self.key, "is not a key", "use lower-case letters, digits and hyphens")
        if not self.label.strip():
            raise InvalidEventType("question", self.key, "has no text", "write what is asked")
        if self.kind not in KINDS:
            raise InvalidEventType("question", self.kind, "is no kind of question", f"one of {', '.join(KINDS)}")
        if (self.kind in ("choice", "choices")) != bool(self.choices) or len(set(self.choices)) < len(self.choices):
            raise InvalidEventType("question", self.key, "has no or doubled choices", "list each choice once")

    def to_json(self) -> dict[str, Any]:
        """As ``from_json`` reads it."""
        return {"key": self.key, "label": self.label, "kind": self.kind, "required": self.required,
                "choices": list(self.choices), "help": self.help}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Question:
        """Raises ``InvalidEventType`` for what is not a question."""
        unknown = given.keys() - cls.__dataclass_fields__.keys()
        if unknown or not {"key", "label"} <= given.keys():
            optional = ", ".join(list(cls.__dataclass_fields__)[2:])
            raise InvalidEventType("question", ", ".join(sorted(unknown)), "is not described so",
                                   f"give key, label and, where wanted, {optional}")
        return cls(str(given["key"]), str(given["label"]), str(given.get("kind", "text")),
                   bool(given.get("required", False)), tuple(map(str, given.get("choices", ()))),
                   str(given.get("help", "")))


def parse(text: str) -> Question:
    """``KIND LABEL``, with ``!`` after KIND if an answer is required and ``= CHOICE | CHOICE`` where it has choices.

    The key comes from the label. Raises ``InvalidEventType``.
    """
    kind, _, rest = text.strip().partition(" ")
    label, _, choices = rest.partition("=") if kind.rstrip("!") in ("choice", "choices") else (rest, "", "")
    words = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:40].strip("-")
    return Question(key or "question", label.strip(), kind.rstrip("!"), kind.endswith("!"),
                    tuple(choice.strip() for choice in choices.split("|") if choice.strip()))


def answers(questions: Sequence[Question], given: Mapping[str, Sequence[str]]) -> dict[str, Answer]:
    """The checked answers by key; what is not answered is left out. Raises ``InvalidInput`` (``answers.<key>``)."""
    unknown = given.keys() - {question.key for question in questions}
    if unknown:
        raise InvalidInput(f"answers.{min(unknown)[:40]}", "", "is not asked", "leave it out")
    found: dict[str, Answer] = {}
    for question in questions:
        values = [value.replace("\r\n", "\n").strip() for value in given.get(question.key, ())]
        values = [value for value in values if value]
        answer = _CHECKS[question.kind](question, values) if values else None
        if answer is not None and answer is not False:
            found[question.key] = answer
        elif question.required:
            raise _refused(question, "", "is required", "answer it")
    return found


def as_text(questions: Sequence[Question], given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """``(label, answer)`` of what was answered, in the order of the questions."""
    return [(question.label, _shown(given[question.key])) for question in questions if question.key in given]


def _shown(answer: Any) -> str:
    if isinstance(answer, bool):
        return "✓" if answer else "–"
    return ", ".join(map(str, answer)) if isinstance(answer, list) else str(answer)


def _refused(question: Question, value: str, problem: str, remedy: str) -> InvalidInput:
    return InvalidInput(f"answers.{question.key}", value[:80], problem, remedy)


def _one(question: Question, values: list[str], longest: int = LONGEST_TEXT, *, lines: bool = False) -> str:
    if len(values) > 1:
        raise _refused(question, "", "has several answers", "give one")
    if len(values[0]) > longest:
        raise _refused(question, "", f"is longer than {longest} characters", "shorten it")
    if (_CONTROL_IN_LINES if lines else _CONTROL).search(values[0]):
        raise _refused(question, "", "has control characters", "remove them")
    return values[0]


def _text(question: Question, values: list[str]) -> Answer:
    return _one(question, values)


def _long_text(question: Question, values: list[str]) -> Answer:
    return _one(question, values, LONGEST_LONG_TEXT, lines=True)


def _choice(question: Question, values: list[str]) -> Answer:
    answer = _one(question, values)
    if answer not in question.choices:
        raise _refused(question, answer, "is not among the choices", "choose one of them")
    return answer


def _choices(question: Question, values: list[str]) -> Answer:
    for value in values:
        _choice(question, [value])
    return [choice for choice in question.choices if choice in values]


def _checkbox(question: Question, values: list[str]) -> Answer:
    answer = _one(question, values).lower()
    if answer not in ("yes", "true", "on", "1", "y", "no", "false", "off", "0", "n"):
        raise _refused(question, answer, "is neither yes nor no", "tick the box or leave it")
    return answer in ("yes", "true", "on", "1", "y")


def _number(question: Question, values: list[str]) -> Answer:
    answer = _one(question, values)
    try:
        number = float(answer.replace(",", ".")) if answer.isascii() and "_" not in answer else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or abs(number) > 1e15:
        raise _refused(question, answer, "is not a number", "write digits")
    return int(number) if number.is_integer() else number


def _matching(pattern: re.Pattern[str], problem: str, remedy: str) -> Callable[[Question, list[str]], Answer]:
    def check(question: Question, values: list[str]) -> Answer:
        answer = _one(question, values)
        if not pattern.fullmatch(answer):
            raise _refused(question, answer, problem, remedy)
        return answer
    return check


_CHECKS: dict[str, Callable[[Question, list[str]], Answer]] = {
    "text": _text, "long_text": _long_text, "choice": _choice, "choices": _choices, "checkbox": _checkbox,
    "number": _number,
    "phone": _matching(_PHONE, "is not a telephone number", "write it like +49 30 1234567"),
    "email": _matching(_EMAIL, "is not an e-mail address", "write it like name@example.org"),
    "url": _matching(_URL, "is not a web address", "begin it with https://"),
}
