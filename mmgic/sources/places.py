"""Where a set's files may lie: anywhere below, and the paths that downloads leave pictures at, tried one after the other."""

from collections.abc import Callable, Sequence

from mmgic.errors import InputError
from mmgic.schema.records import PictureRef
from mmgic.shards.folder import Folder
from mmgic.sources.raw import RawFolder


def files_anywhere(origin: Folder, is_wanted: Callable[[str], object], *, refuse_linked: bool = True) -> list[str]:
    """Names of the wanted files anywhere below a set, sorted.

    Raises:
        InputError: a name is not UTF-8; `refuse_linked`, and a folder is a link, which is not entered.
    """
    walked = origin.walk(refuse_linked=refuse_linked)
    return sorted(utf8_name(name, origin) for name, _ in walked if is_wanted(name))


def utf8_name(name: str, origin: Folder) -> str:
    """The name of a file of a set, which the ledger can hold.

    Raises:
        InputError: it is not UTF-8.
    """
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"a file name that is not UTF-8: {name!a}", where=origin.url, hint="rename it") from error
    return name


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
