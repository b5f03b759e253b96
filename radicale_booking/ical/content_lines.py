"""A calendar object as its content lines (RFC 5545 §3.1), to change some and leave all others as they came.

A parsed and rewritten object would lose what the library does not know and shuffle the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from radicale_booking.errors import InvalidCalendar

_FOLD = re.compile(r"\r?\n[ \t]")
_HEAD = re.compile(r'([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:])*)*):(.*)', re.DOTALL)
_LINE_BYTES = 75
#: RFC 6868 lets parameters hold line ends, which no line can.
CONTROLS = dict.fromkeys((*range(9), *range(10, 32), 127), " ")
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"]*"|[^";:])*)')


@dataclass(frozen=True, slots=True)
class Line:
    """One unfolded content line; ``name`` in upper case, empty when it cannot be read."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    value: str
    text: str

    @classmethod
    def parse(cls, text: str) -> Line:
        head = _HEAD.fullmatch(text)
        if head is None:
            return cls("", (), "", text)
        return cls(head[1].upper(), tuple(_PARAMETER.findall(head[2])), head[3], text)

    @classmethod
    def make(cls, name: str, value: str, parameters: Iterable[tuple[str, str]] = ()) -> Line:
        """``value`` is written as it is, escaped where the property needs it, but never as more than one line."""
        value = value.translate(CONTROLS)
        parameters = tuple((key, text.translate(CONTROLS)) for key, text in parameters)
        head = "".join(f";{key}={text}" for key, text in parameters)
        return cls(name.upper(), parameters, value, f"{name}{head}:{value}")

    def get(self, parameter: str) -> str:
        """The parameter's value without quotes, empty if there is none."""
        return next((text.strip('"') for key, text in self.parameters if key.upper() == parameter), "")

    def having(self, parameter: str, value: str | None) -> Line:
        """The same line with ``parameter`` set in its place, or without it where ``value`` is None."""
        if value is None:
            kept = [(key, text) for key, text in self.parameters if key.upper() != parameter]
            return self if len(kept) == len(self.parameters) else Line.make(self.name, self.value, kept)
        plain = value.replace('"', "'")
        quoted = f'"{plain}"' if re.search(r"[^A-Za-z0-9-]", plain) else plain
        if not any(key.upper() == parameter for key, _ in self.parameters):
            return Line.make(self.name, self.value, [*self.parameters, (parameter, quoted)])
        return Line.make(self.name, self.value, [(key, quoted if key.upper() == parameter else text)
                                                 for key, text in self.parameters])


@dataclass(slots=True)
class Block:
    """A component: its lines and blocks in the order of the object. Functions that change one say so."""

    name: str
    items: list[Line | Block]

    def lines(self, name: str | None = None) -> Iterator[Line]:
        return (item for item in self.items if isinstance(item, Line) and name in (None, item.name))

    def line(self, name: str) -> Line | None:
        return next(self.lines(name), None)

    def blocks(self, name: str) -> list[Block]:
        return [item for item in self.items if isinstance(item, Block) and item.name == name]

    def copy(self) -> Block:
        return Block(self.name, [item.copy() if isinstance(item, Block) else item for item in self.items])

    def change(self, name: str, new: Callable[[Line], Line]) -> None:
        """Replace each line called ``name`` by what ``new`` makes of it."""
        self.items = [new(item) if isinstance(item, Line) and item.name == name else item for item in self.items]

    def put(self, line: Line) -> None:
        """Replace the lines of this name by ``line`` where the first one stood; else add it."""
        for number, item in enumerate(self.items):
            if isinstance(item, Line) and item.name == line.name:
                rest = [one for one in self.items[number + 1:] if not (isinstance(one, Line) and one.name == line.name)]
                self.items = [*self.items[:number], line, *rest]
                return
        self.add(line)

    def add(self, line: Line) -> None:
        """Add ``line`` after the other lines, before the blocks."""
        first = next((number for number, item in enumerate(self.items) if isinstance(item, Block)), len(self.items))
        self.items.insert(first, line)

    def drop(self, unwanted: Callable[[Line | Block], bool]) -> None:
        self.items = [item for item in self.items if not unwanted(item)]

    def text(self) -> str:
        """Folded, with CRLF at the end of each line."""
        return "".join(f"{folded(line)}\r\n" for line in self._texts())

    def _texts(self) -> Iterator[str]:
        yield f"BEGIN:{self.name}"
        for item in self.items:
            if isinstance(item, Block):
                yield from item._texts()
            else:
                yield item.text
        yield f"END:{self.name}"


def parse(text: str) -> Block:
    """The first component in ``text``. Raises ``InvalidCalendar`` where BEGIN and END do not match."""
    root = Block("", [])
    stack = [root]
    for raw in _FOLD.sub("", text).split("\n"):
        raw = raw.rstrip("\r")
        if not raw.strip():
            continue
        line = Line.parse(raw)
        if line.name == "BEGIN":
            block = Block(line.value.strip().upper(), [])
            stack[-1].items.append(block)
            stack.append(block)
        elif line.name == "END":
            if line.value.strip().upper() != stack[-1].name:
                raise InvalidCalendar("END", raw[:80], "closes what is not open", "write the object again")
            stack.pop()
        else:
            stack[-1].items.append(line)
    found = next((item for item in root.items if isinstance(item, Block)), None)
    if found is None or len(stack) > 1:
        raise InvalidCalendar("iCalendar", "", "is not complete", "write the object again")
    return found


def folded(text: str) -> str:
    """``text`` in lines of at most 75 octets (RFC 5545 §3.1), no character divided."""
    ascii_only = text.isascii()
    if len(text) <= _LINE_BYTES and (ascii_only or len(text.encode()) <= _LINE_BYTES):
        return text
    if ascii_only:
        # The space that marks the continuation counts.
        rest = range(_LINE_BYTES, len(text), _LINE_BYTES - 1)
        return "\r\n ".join([text[:_LINE_BYTES], *(text[at:at + _LINE_BYTES - 1] for at in rest)])
    pieces, piece, size = [], "", 0
    for letter in text:
        width = len(letter.encode())
        if size + width > _LINE_BYTES:
            pieces.append(piece)
            piece, size = "", 1
        piece += letter
        size += width
    return "\r\n ".join([*pieces, piece])
