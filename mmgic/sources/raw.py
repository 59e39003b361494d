"""What `fetch` leaves and sources read: native files below `<raw>/<source>/`, each in the ledger with its hash.

The ledger is held as a dictionary while a source is read: about 200 bytes a loose file.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec
from blake3 import blake3

from mmgic.errors import InputError
from mmgic.schema.manifests import LedgerLine, Manifest, ShardEntry
from mmgic.schema.records import PictureRef
from mmgic.shards.folder import Folder, HashingReader

LEDGER = "ledger.jsonl"


class RawFolder:
    """One source's part of a raw folder. Every read is checked against the ledger.

    Raises:
        InputError: the ledger is not the one that the manifest names.
    """

    def __init__(self, folder: Folder, manifest: Manifest, source: str) -> None:
        self.folder = folder
        self.source = source
        decoder = msgspec.json.Decoder(LedgerLine)
        with folder.verified(manifest.shards[0]) as stream:
            lines = (decoder.decode(line) for line in stream.read().splitlines())
            self.files = {line.path: line for line in lines if line.path.startswith(f"{source}/")}

    def paths(self, *, under: str = "", suffix: str = "") -> list[str]:
        """Paths of the source's files, as the ledger has them, below `under` and with `suffix`, sorted."""
        start = f"{self.source}/{under}"
        return sorted(path for path in self.files if path.startswith(start) and path.endswith(suffix))

    def read(self, path: str) -> bytes:
        """A whole file.

        Raises:
            InputError: it is not in the ledger, is gone, or has changed since it was fetched.
        """
        with self.open(path) as stream:
            return stream.read()

    @contextmanager
    def open(self, path: str) -> Iterator[HashingReader]:
        """A stream over a file, checked as `read` does when the block ends."""
        if path not in self.files:
            raise InputError("file is not in the ledger", where=self.folder.file(path), hint="fetch the source again")
        line = self.files[path]
        entry = ShardEntry(name=path, split="", count=0, num_bytes=line.num_bytes, blake3=line.blake3)
        with self.folder.verified(entry) as stream:
            yield stream

    def picture(self, path: str) -> PictureRef:
        """Reference to a whole picture file; its hash is empty where the ledger does not have it."""
        line = self.files.get(path)
        return PictureRef(path=path, blake3=line.blake3 if line else "")


def keys_from_files(source: str, files: Iterable[str]) -> dict[str, str]:
    """A record key for each file: source and stem where that is plain and unique, else with a piece of the name's hash.

    Keys hold letters, digits, `_` and `-` alone, so that they can name members of a tar.
    """
    files = list(files)
    stems = {file: re.sub(r"[^A-Za-z0-9_-]", "_", file.rsplit(".", 1)[0]) for file in files}
    counts = Counter(stems.values())
    return {
        file: f"{source}-{stem}"
        if counts[stem] == 1 and stem == file.rsplit(".", 1)[0]
        else f"{source}-{stem}-{blake3(file.encode()).hexdigest()[:10]}"
        for file, stem in stems.items()
    }
