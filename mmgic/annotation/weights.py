"""A model's folder on this machine: whether it is one, and the hash of what makes it up."""

from pathlib import Path

from blake3 import blake3

from mmgic.errors import InputError

_READ = {".json", ".txt", ".model", ".tiktoken", ".jinja", ".safetensors", ".bin"}
"""How the names of files end that transformers reads: config, tokenizer, templates and weights."""


def model_folder(path: Path, what: str) -> Path:
    """The folder, if it holds a model's `config.json`. `what` names the model's part in errors.

    Raises:
        InputError: no such folder, or no config in it.
    """
    hint = f"{what}s are read from a local folder and never fetched: `hf download OWNER/NAME --local-dir DIR` makes one"
    if not path.is_dir():
        raise InputError(f"no such folder for the {what}", where=str(path), hint=hint)
    if not (path / "config.json").is_file():
        raise InputError(f"the {what}'s folder has no config.json", where=str(path), hint=hint)
    return path


def model_digest(folder: Path) -> str:
    """Hex BLAKE3 of names and contents of the files that transformers may read. Reads all weights once, on all cores."""
    total = blake3()
    for path in sorted(folder.iterdir()):
        if path.suffix in _READ and path.is_file():
            content = blake3(max_threads=blake3.AUTO).update_mmap(path)
            total.update(f"{path.name}\0{content.hexdigest()}\n".encode())
    return total.hexdigest()
