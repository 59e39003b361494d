"""Every exception of the library: what happened, where, and what to do about it.

``str(error)`` is the bare statement; ``where`` and ``hint`` are printed beside it by the command line, which
ends with the class's ``exit_code``.
"""

from __future__ import annotations

from typing import Any, ClassVar


class MmgicError(Exception):
    """Base of all errors; on its own: something failed.

    Args:
        what: What happened, in one sentence without a full stop.
        where: File, record or field that it happened at; empty when there is none.
        hint: What the reader can do; empty when nothing better than the statement is known.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint
        # A traceback shows notes below the statement.
        for note in (f"at {where}" if where else "", f"hint: {hint}" if hint else ""):
            if note:
                self.add_note(note)

    def __str__(self) -> str:
        return self.what

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword arguments are not part of ``args``: carry them as state, so that errors cross processes.
        return (type(self), (self.what,), dict(self.__dict__))


class UsageError(MmgicError):
    """The command was called in a way that makes no sense."""

    exit_code = 2


class InputError(MmgicError):
    """The data that was read is not as it must be."""

    exit_code = 3


class ParamsError(MmgicError):
    """A parameter is missing, unknown or outside its range."""

    exit_code = 4


class StoppedError(MmgicError):
    """The work was stopped on request and can be taken up again."""

    exit_code = 5


class TooManyBadError(MmgicError):
    """More records were rejected than the params allow."""

    exit_code = 6


class InvalidBox(InputError):
    """A box is not finite, inverted, outside its range, or cannot be written."""


class LengthOutOfRange(InputError):
    """A document does not fit a row, or is empty."""


class LibraryMismatch(MmgicError):
    """The compiled library is missing, or is of another version than the package."""
