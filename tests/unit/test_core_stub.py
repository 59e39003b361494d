"""The compiled library: its stub, its version, its errors."""

from __future__ import annotations

import concurrent.futures
import inspect
import multiprocessing
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import mmgic
from mmgic import _core, errors, images
from mmgic.library import require_same_version

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, errors.MmgicError)]


def test_the_stub_tells_the_truth() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "mmgic._core"],
        capture_output=True,
        text=True,
        cwd=Path(mmgic.__file__).parent.parent,
        env={**os.environ, "MYPYPATH": "."},
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_library_tells_what_it_is() -> None:
    assert _core.__version__ == mmgic.__version__
    assert _core.build_profile in ("debug", "release")
    assert isinstance(_core.has_simd, bool)


def test_another_version_is_refused_with_both_named() -> None:
    with pytest.raises(errors.LibraryMismatch, match=f"version 9.9.9, the package of version {mmgic.__version__}"):
        require_same_version("9.9.9")


def test_statuses_are_those_of_the_library() -> None:
    assert {s.name: s.value for s in images.PictureStatus} == dict(_core.picture_statuses())


def test_exit_codes() -> None:
    codes = {c.__name__: c.exit_code for c in CLASSES}
    assert codes == {
        "MmgicError": 1,
        "LibraryMismatch": 1,
        "UsageError": 2,
        "InputError": 3,
        "InvalidBox": 3,
        "LengthOutOfRange": 3,
        "ParamsError": 4,
        "StoppedError": 5,
        "TooManyBadError": 6,
    }


def _raise(error: errors.MmgicError) -> None:
    raise error


@pytest.mark.parametrize("kind", CLASSES)
def test_errors_keep_their_parts_when_pickled(kind: type[errors.MmgicError]) -> None:
    error = kind("what", where="a file", hint="do this")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        copy = pickle.loads(pickle.dumps(error, protocol))
        assert type(copy) is kind
        assert (str(copy), copy.what, copy.where, copy.hint) == ("what", "what", "a file", "do this")


def test_errors_cross_processes() -> None:
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        future = pool.submit(_raise, errors.InvalidBox("bad", where="row 3", hint="mend it"))
        with pytest.raises(errors.InvalidBox) as caught:
            future.result(timeout=60)
    assert (str(caught.value), caught.value.where, caught.value.hint) == ("bad", "row 3", "mend it")
