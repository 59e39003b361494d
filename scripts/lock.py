"""Writes `requirements.lock` from the packages of this environment: `python scripts/lock.py > requirements.lock`.

1. Starts at what `pyproject.toml` needs (the library, the `dev` extra, the build), and follows the needs of what is installed.
2. Does so for every Python and system below; what only some of them need gets a marker.
3. Names and versions only: where packages come from is the machine's business.
"""

import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = (
    ("Linux", "linux", "x86_64"),
    ("Linux", "linux", "aarch64"),
    ("Darwin", "darwin", "arm64"),
)
PROJECT = Path("pyproject.toml")
HEAD = "# Made by `make lock`: every package of a development set-up. Names and versions only."


def roots(project: Path) -> list[Requirement]:
    """What the project itself asks for."""
    tree = tomllib.loads(project.read_text(encoding="utf-8"))
    extras = tree["project"]["optional-dependencies"]["dev"]
    return [
        Requirement(line) for line in (*tree["project"]["dependencies"], *extras, *tree["build-system"]["requires"])
    ]


def environments() -> Iterator[tuple[str, str, dict[str, str]]]:
    """System, Python and marker values of every Python and machine that the lock is for."""
    for python in PYTHONS:
        for system, platform, machine in SYSTEMS:
            values = {name: str(value) for name, value in default_environment().items()}
            values |= {"python_version": python, "python_full_version": f"{python}.0"}
            values |= {"platform_system": system, "sys_platform": platform, "platform_machine": machine}
            yield system, python, values


def needed(
    start: Iterable[Requirement], installed: Mapping[NormalizedName, Distribution], values: dict[str, str]
) -> set[NormalizedName]:
    """Names of all packages that `start` leads to in an environment.

    Raises:
        LookupError: one of them is not installed here, so its version is not known.
    """
    seen: set[tuple[NormalizedName, frozenset[str]]] = set()
    pending = [(canonicalize_name(item.name), frozenset(item.extras)) for item in start]
    while pending:
        name, extras = pending.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        if name not in installed:
            raise LookupError(f"{name} is needed on {values['platform_system']}, Python {values['python_version']}")
        for line in installed[name].requires or []:
            item = Requirement(line)
            wanted = item.marker is None or any(
                item.marker.evaluate({**values, "extra": extra}) for extra in (*extras, "")
            )
            if wanted:
                pending.append((canonicalize_name(item.name), frozenset(item.extras)))
    return {name for name, _ in seen}


def lock_lines(project: Path) -> Iterator[str]:
    """The lines of the lock, by name."""
    installed = {canonicalize_name(found.metadata["Name"]): found for found in distributions()}
    places: dict[NormalizedName, set[tuple[str, str]]] = {}
    for system, python, values in environments():
        for name in needed(roots(project), installed, values):
            places.setdefault(name, set()).add((system, python))
    for name in sorted(places):
        marker = _marker(places[name])
        yield f"{name}=={installed[name].version}" + (f"; {marker}" if marker else "")


def _marker(places: set[tuple[str, str]]) -> str:
    """Where a package is needed: on some systems, and from or up to some Python."""
    systems = sorted({system for system, _ in places})
    pythons = [python for python in PYTHONS if any(python == wanted for _, wanted in places)]
    parts = []
    if len(systems) < len({system for system, _, _ in SYSTEMS}):
        parts.append(" or ".join(f'platform_system == "{system}"' for system in systems))
    if pythons[0] != PYTHONS[0]:
        parts.append(f'python_version >= "{pythons[0]}"')
    if pythons[-1] != PYTHONS[-1]:
        parts.append(f'python_version < "{PYTHONS[PYTHONS.index(pythons[-1]) + 1]}"')
    return " and ".join(parts)


def main() -> int:
    """Prints the lock."""
    try:
        lines = list(lock_lines(PROJECT))
    except LookupError as error:
        print(f"error: {error}\nhint: install it here, then lock again", file=sys.stderr)
        return 1
    print("\n".join([HEAD, *lines]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
