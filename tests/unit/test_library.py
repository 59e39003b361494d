"""The compiled library must be of the package's version."""

import pytest

from mmgic import __version__, _core
from mmgic.errors import LibraryMismatch
from mmgic.library import require_same_version


def test_the_library_here_is_of_this_version() -> None:
    require_same_version(_core.__version__)


def test_another_version_is_refused_naming_both() -> None:
    with pytest.raises(LibraryMismatch) as caught:
        require_same_version("9.9.9")
    assert "9.9.9" in str(caught.value) and __version__ in str(caught.value)
    assert caught.value.hint
