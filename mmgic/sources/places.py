"""Where a set's pictures may lie: the paths that its downloads leave them at, tried one after the other."""

from collections.abc import Sequence

from mmgic.schema.records import PictureRef
from mmgic.shards.folder import Folder
from mmgic.sources.raw import RawFolder


class LoosePictures:
    """Pictures below a local folder. It is asked once whether a folder in it is there at all."""

    def __init__(self, origin: Folder) -> None:
        self._origin = origin
        self._folders: dict[str, bool] = {}

    def path(self, paths: Sequence[str]) -> str:
        """The first of the paths where a picture lies, or else the first: that of one in an archive."""
        return next((path for path in paths if self._has(path)), paths[0])

    def _has(self, path: str) -> bool:
        folder = path.rpartition("/")[0]
        if folder not in self._folders:
            self._folders[folder] = self._origin.exists(folder)
        return self._folders[folder] and self._origin.exists(path)


def picture_at(raw: RawFolder, paths: Sequence[str]) -> PictureRef:
    """The picture at the first of the paths, below the source's part, that the ledger has; a reference to nothing else."""
    full = [f"{raw.source}/{path}" for path in paths]
    return raw.picture(next((path for path in full if raw.line(path)), full[0]))
