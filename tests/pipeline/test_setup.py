"""The set-up: tools are checked before anything is downloaded, and the lock holds names and versions alone."""

import os
import re
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "check-tools.sh"
# Taken from this machine as links; what a test answers itself (id, uname, cargo, python3, ...) is never among them.
BASICS = ("sort", "head", "cut", "awk", "git", "cc", "c++")


def write_program(path: Path, text: str) -> None:
    """A shell script that can be run; never written through a link into the machine's own programs."""
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH of one folder, for a user who is not root on Debian, with everything but cmake and nasm."""
    place = tmp_path / "bin"
    place.mkdir()
    for name in BASICS:
        if found := shutil.which(name):
            (place / name).symlink_to(found)
    write_program(place / "id", "echo 1000")
    write_program(place / "uname", "echo x86_64")
    write_program(place / "df", "echo head; echo /dev/x 100 50 104857600 50% /")
    write_program(place / "cargo", "echo cargo 1.90.0")
    write_program(place / "python3", 'case "$2" in *version_info*) echo 3.12;; esac')
    return place


def check(tools: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the check with nothing else on PATH."""
    bash = shutil.which("bash")
    assert bash is not None
    return subprocess.run(
        [bash, str(SCRIPT)],
        cwd=folder,
        env={"PATH": str(tools), **environment},
        text=True,
        capture_output=True,
        timeout=60,
    )


def test_all_missing_tools_are_named_with_their_remedy(tools: Path, tmp_path: Path) -> None:
    done = check(tools, tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[0] == "error: missing for the set-up; nothing was downloaded"
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["cmake", "nasm"]
    assert all("apt-get install" in line for line in lines[1:])
    assert "MMGIC_ALLOW_SLOW=1" in lines[2]


def test_a_complete_machine_passes_and_names_its_python(tools: Path, tmp_path: Path) -> None:
    for name in ("cmake", "nasm"):
        write_program(tools / name, "true")
    done = check(tools, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tools / 'python3'}\n"
    assert done.stderr == ""


def test_no_nasm_passes_where_slow_is_allowed(tools: Path, tmp_path: Path) -> None:
    write_program(tools / "cmake", "true")
    assert check(tools, tmp_path).returncode == 1
    done = check(tools, tmp_path, MMGIC_ALLOW_SLOW="1")
    assert done.returncode == 0
    assert "no nasm" in done.stderr


def test_old_python_old_cargo_and_a_full_disk_are_named(tools: Path, tmp_path: Path) -> None:
    for name in ("cmake", "nasm"):
        write_program(tools / name, "true")
    write_program(tools / "python3", "echo 3.10")
    write_program(tools / "cargo", "echo cargo 1.70.0")
    write_program(tools / "df", "echo head; echo /dev/x 100 50 3145728 50% /")
    done = check(tools, tmp_path)
    assert done.returncode == 1
    for text in (
        "Python >= 3.11:",
        "cargo >= 1.88, found 1.70.0: rustup update",
        "disk space: 3 GB are free here, 12 GB",
    ):
        assert text in done.stderr


def test_a_python_without_venv_is_named(tools: Path, tmp_path: Path) -> None:
    for name in ("cmake", "nasm"):
        write_program(tools / name, "true")
    write_program(tools / "python3", 'case "$2" in *version_info*) echo 3.12;; *) exit 1;; esac')
    done = check(tools, tmp_path)
    assert done.returncode == 1
    assert "it has no ensurepip" in done.stderr


@pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="apt-get is Debian's")
def test_root_on_debian_gets_what_is_missing_unless_something_else_is(tools: Path, tmp_path: Path) -> None:
    write_program(tools / "id", "echo 0")
    dictionary = tmp_path / "wordnet"
    write_program(
        tools / "apt-get",
        f'echo "$@" >> {tmp_path}/asked; for n in cmake nasm; do ln -sf /bin/true {tools}/$n; done\n'
        'case "$*" in *wordnet-base) exit 100;; esac',
    )
    (tools / "ln").symlink_to(shutil.which("ln") or "ln")
    write_program(tools / "python3", "exit 1")
    done = check(tools, tmp_path, MMGIC_WORDNET=str(dictionary))
    assert done.returncode == 1
    assert not (tmp_path / "asked").exists()
    write_program(tools / "python3", 'case "$2" in *version_info*) echo 3.12;; esac')
    done = check(tools, tmp_path, MMGIC_WORDNET=str(dictionary))
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [words.split()[0] for words in asked] == ["update", "install", "install"]
    assert asked[1].endswith(" cmake nasm") and asked[2].endswith(" wordnet-base")
    assert "warning: no wordnet-base: tests of its glosses will be skipped" in done.stderr
    assert done.stdout == f"{tools / 'python3'}\n"
    dictionary.mkdir()
    (dictionary / "index.noun").touch()
    assert check(tools, tmp_path, MMGIC_WORDNET=str(dictionary)).stderr == ""
    assert len((tmp_path / "asked").read_text().splitlines()) == 3


def test_the_lock_holds_names_and_versions_alone() -> None:
    lines = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if not line.startswith("#")]
    assert len(lines) > 100
    for line in lines:
        marker = r'(platform_system == "Linux"|python_version (<|>=) "3\.\d+")'
        assert re.fullmatch(rf"[a-z0-9-]+==[A-Za-z0-9.]+(; {marker})?", line), line


def test_the_lock_covers_the_project() -> None:
    locked = {
        canonicalize_name(item.name): item
        for item in map(Requirement, (ROOT / "requirements.lock").read_text().splitlines()[1:])
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for extra in project["project"]["optional-dependencies"].values():
        asked += extra
    for item in map(Requirement, asked):
        (version,) = (part.version for part in locked[canonicalize_name(item.name)].specifier)
        assert item.specifier.contains(version), f"{item} is not met by {version}"


def test_no_package_index_is_named() -> None:
    files = [
        ROOT / "Makefile",
        ROOT / "requirements.lock",
        ROOT / "pyproject.toml",
        *(ROOT / "scripts").iterdir(),
    ]
    for path in files:
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"index-url|find-links|pypi|https?://", text), path


def test_scripts_are_programs() -> None:
    for path in [ROOT / ".ci" / "run", *(ROOT / "scripts").glob("*.sh")]:
        assert os.access(path, os.X_OK), path
