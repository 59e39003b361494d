"""Refuses a compiled library of another version than the package, once, when it is first imported."""

from __future__ import annotations

from mmgic import __version__
from mmgic.errors import LibraryMismatch


def require_same_version(library_version: str) -> None:
    """Compares the compiled library's version with the package's.

    Raises:
        LibraryMismatch: The versions differ: the package was updated without building the library.
    """
    if library_version != __version__:
        raise LibraryMismatch(
            f"the compiled library is of version {library_version}, the package of version {__version__}",
            where="mmgic._core",
            hint="build it again: pip install -e .",
        )
