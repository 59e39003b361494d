"""Errors carry what, where and hint, and survive the way between processes."""

import pickle

import pytest

from mmgic import errors


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.MmgicError, 1),
        (errors.UsageError, 2),
        (errors.InputError, 3),
        (errors.ParamsError, 4),
        (errors.StoppedError, 5),
        (errors.TooManyBadError, 6),
        (errors.InvalidBox, 3),
        (errors.LengthOutOfRange, 3),
        (errors.LibraryMismatch, 1),
    ],
)
def test_each_error_has_its_exit_code(kind: type[errors.MmgicError], code: int) -> None:
    assert kind("broke").exit_code == code


def test_an_error_says_what_and_keeps_where_and_hint_through_pickle() -> None:
    error = pickle.loads(pickle.dumps(errors.InputError("it is gone", where="a/b", hint="look again")))
    assert type(error) is errors.InputError
    assert error.__notes__ == ["at a/b", "hint: look again"]
    assert (str(error), error.what, error.where, error.hint) == (
        "it is gone",
        "it is gone",
        "a/b",
        "look again",
    )
