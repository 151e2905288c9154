"""One row of the table of containers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..bytes.pages import Source


class Lazy:
    """A function of the labels library that is imported when it is first called."""

    __slots__ = ("_found", "_function", "_module")

    def __init__(self, module: str, function: str) -> None:
        self._module, self._function = module, function
        self._found: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:
        if self._found is None:
            self._found = getattr(import_module(f"...{self._module}", __name__), self._function)
        return self._found(*arguments)


@dataclass(frozen=True, slots=True, eq=False)
class Container:
    """One kind of file.

    Attributes:
        name: Names the container in refusals and tests. Rows that differ in media type only share it.
        media_type: What a reading reports.
        magic: Alternatives of (offset, bytes) that files hold. A row without any is chosen by ``accepts`` or, for
            text, by the words of the file.
        accepts: Decides where the magic number does not: called with the bytes of the file.
        read: Reports the labels of a file: ``read(data, findings)``.
        write: Returns a file with the label: ``write(data, value, findings)``. None where no place is known.
        content: Yields ``(name, bytes)`` of every part of a file but the label, to compare a written file with the
            original. None for text, which is compared as a whole.
        refusal: Why nothing is written into such files, where ``write`` is None.
        explicit: Returns a file with a label that people perceive: ``explicit(container, data, findings)``.
        demuxer: The name that PyAV is forced to, so that a playlist served as a film opens nothing.
        senses: What is read in addition to metadata: ``visible``, ``film``, ``sound`` (in the worker), ``rhythm``; or
            ``unseen``, if nothing here decodes the pixels.
        text: Whether the file is text, which is looked at as a whole.
        begins: How text of this kind begins, if that is known.
        confined: Whether ``read`` is a task of the worker process, because a library does the reading.
        write_needs: The library that ``write`` needs, if it is part of an extra.
        explicit_needs: The same for ``explicit``.
        explicit_refusal: Why there is no ``explicit``, where more can be said than that.
    """

    name: str
    media_type: str
    magic: tuple[tuple[int, bytes], ...] = ()
    accepts: Callable[[Source], bool] | None = None
    read: Lazy | None = None
    write: Lazy | None = None
    content: Lazy | None = None
    refusal: str = ""
    explicit: Lazy | None = None
    demuxer: str = ""
    senses: tuple[str, ...] = ()
    text: bool = False
    begins: re.Pattern[str] | None = None
    confined: bool = False
    write_needs: str = ""
    explicit_needs: str = ""
    explicit_refusal: str = ""

    @property
    def main_type(self) -> str:
        """``image``, ``video``, ``audio``, ``text`` or ``application``."""
        return self.media_type.partition("/")[0]
