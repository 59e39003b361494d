"""Who may touch the compiled library: a rule that import-linter cannot see, since it knows Python files alone."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
USERS = {
    "mmgic/geometry/compiled.py",
    "mmgic/geometry/crops.py",
    "mmgic/geometry/faults.py",
    "mmgic/geometry/overlap.py",
    "mmgic/geometry/regions.py",
    "mmgic/geometry/shapes.py",
    "mmgic/geometry/text.py",
    "mmgic/images/batch.py",
    "mmgic/packing/blocks.py",
    "mmgic/packing/stream.py",
    "mmgic/packing/parts.py",
    "mmgic/packing/training.py",
}


def uses_core(path: Path) -> bool:
    """Whether a file imports `mmgic._core` in any form."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import) and any(name.name.startswith("mmgic._core") for name in node.names):
            return True
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module.startswith("mmgic._core"):
                return True
            if node.module == "mmgic" and any(name.name == "_core" for name in node.names):
                return True
        if isinstance(node, ast.Constant) and node.value == "mmgic._core":
            return True
    return False


def test_only_these_modules_import_the_core() -> None:
    files = [path for folder in ("mmgic", "stages") for path in (ROOT / folder).rglob("*.py")]
    found = {path.relative_to(ROOT).as_posix() for path in files if uses_core(path)}
    assert found - {"mmgic/library.py"} == USERS
