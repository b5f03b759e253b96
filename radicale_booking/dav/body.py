"""A request's body that can be read again."""

from __future__ import annotations

from typing import Protocol


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes:
        ...


class Body:
    """``stream`` is read once, as long as the first who reads wants it; everybody gets the same."""

    def __init__(self, stream: _Readable) -> None:
        self._stream = stream
        self._content: bytes | None = None

    def read(self, size: int, /) -> bytes:
        if self._content is None:
            self._content = self._stream.read(size)
        return self._content
