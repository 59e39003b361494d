"""Sets in their native layout, and raw folders made from them by the real `fetch`."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest
from blake3 import blake3

from mmgic.execution.call import StageCall
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.params import Params
from mmgic.schema.records import LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.shards.lines import write_lines
from mmgic.shards.manifest import read_manifest, write_manifest
from mmgic.shards.tars import tar_writer
from mmgic.sources import source_named
from mmgic.sources.raw import LEDGER, RawFolder
from stages import fetch


@pytest.fixture
def native_set(tmp_path: Path) -> Callable[..., Folder]:
    """Writes a set in its native layout: files by their paths, bytes as they are, all else as JSON."""

    def made(files: Mapping[str, Any]) -> Folder:
        for name, content in files.items():
            path = tmp_path / "set" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return Folder(str(tmp_path / "set"))

    return made


@pytest.fixture
def local_set(tmp_path: Path) -> Callable[[dict[str, Any]], Folder]:
    """Writes the files of a local set: bytes and texts as they are, all else as JSON."""

    def made(files: dict[str, Any]) -> Folder:
        for name, content in files.items():
            path = tmp_path / "local" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            text = content if isinstance(content, bytes | str) else json.dumps(content)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return Folder(str(tmp_path / "local"))

    return made


@pytest.fixture
def fetched(tmp_path: Path, params: Params) -> Iterator[Callable[..., RawFolder]]:
    """The open raw folder of one source, fetched from a local set or made."""
    opened = ExitStack()

    def made(source: str, origin: Folder | None = None, params: Params = params, limit: int | None = None) -> RawFolder:
        out = Folder(str(tmp_path / f"raw-{source}-{limit}"))
        fetch.run(StageCall(origin, out, params, lambda *_: None, limit=limit, fresh=True, extra={"source": source}))
        return opened.enter_context(RawFolder(out, read_manifest(out, "raw"), source))

    yield made
    opened.close()


@pytest.fixture
def raw_records(fetched: Callable[..., RawFolder]) -> Callable[..., Sequence[RawRecord | LostImage]]:
    """The raw records of one source, and the images that are lost, after `fetch`."""

    def made(source: str, origin: Folder | None = None, **options: Any) -> Sequence[RawRecord | LostImage]:
        return list(source_named(source).raw_records(fetched(source, origin, **options)))

    return made


@pytest.fixture(scope="session")
def few_scenes(params: Params) -> Params:
    """Params with a dozen scenes."""
    scenes = msgspec.structs.replace(params.fetch.scenes, train=9, val=3, side_px=48)
    return msgspec.structs.replace(params, fetch=msgspec.structs.replace(params.fetch, scenes=scenes))


@pytest.fixture
def downloaded(tmp_path: Path) -> Iterator[Callable[..., RawFolder]]:
    """The open raw folder of a source whose pictures came by URL: rows by number with their bytes, or with why they failed."""
    opened = ExitStack()

    def made(raw: RawFolder, pictures: dict[int, bytes | str]) -> RawFolder:
        folder, manifest = raw.folder, read_manifest(raw.folder, "raw")
        # Of the table alone: no server answers here, so that all its URLs have failed.
        lines = [line for line in raw.lines() if not line.path.rpartition("/")[2].isdigit()]
        name = f"{raw.source}/pictures-00000.tar"
        with folder.writing(name) as stream, tar_writer(stream) as add:
            for number, data in pictures.items():
                line = LedgerLine(f"{raw.source}/{number:09d}", origin=f"http://{number}")
                if isinstance(data, str):
                    lines.append(msgspec.structs.replace(line, state="failed", cause=data))
                    continue
                place = {"shard": name, "offset": add(f"{number:09d}.png", data), "num_bytes": len(data)}
                lines.append(msgspec.structs.replace(line, blake3=blake3(data).hexdigest(), **place))
        entry = write_lines(folder, f"{raw.source}/{LEDGER}", "", lines)
        write_manifest(folder, msgspec.structs.replace(manifest, shards=[entry]))
        return opened.enter_context(RawFolder(folder, read_manifest(folder, "raw"), raw.source))

    yield made
    opened.close()
