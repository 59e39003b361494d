"""What `fetch` leaves and sources read: native files below `<raw>/<source>/`, each in the ledger with its hash.

The ledger is held as a dictionary while a source is read: about 200 bytes a loose file.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

import msgspec

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


def is_safe_name(name: str) -> bool:
    """Whether a file name from an annotation stays inside its folder."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\\" not in name and "\0" not in name
