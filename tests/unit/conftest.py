"""Makers of small real things: params, pictures, records, folders. All but `scratch` are functions without state."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from mmgic.params import load_params
from mmgic.schema.params import Params
from mmgic.schema.records import Caption, Label, Record, Region
from mmgic.shards.folder import Folder

ROOT = Path(__file__).parents[2]
EXIF_ORIENTATION = 0x0112


@pytest.fixture(scope="session")
def params_path() -> Path:
    """The project's own params file."""
    return ROOT / "params.yaml"


@pytest.fixture(scope="session")
def params(params_path: Path) -> Params:
    """The project's own params."""
    return load_params(params_path)


@pytest.fixture
def scratch(tmp_path: Path) -> Folder:
    """An empty folder."""
    return Folder(str(tmp_path))


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    """A file of one colour with one coloured box, in `format`, stored with an EXIF orientation."""

    def made(
        width: int = 48,
        height: int = 32,
        *,
        colour: tuple[int, int, int] = (20, 40, 60),
        box: tuple[int, int, int, int] | None = None,
        box_colour: tuple[int, int, int] = (250, 10, 10),
        format: str = "PNG",
        orientation: int = 1,
    ) -> bytes:
        image = Image.new("RGB", (width, height), colour)
        if box:
            ImageDraw.Draw(image).rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=box_colour)
        exif = Image.Exif()
        exif[EXIF_ORIENTATION] = orientation
        stream = io.BytesIO()
        image.save(stream, format, exif=exif, **({"quality": 95, "subsampling": 0} if format == "JPEG" else {}))
        return stream.getvalue()

    return made


@pytest.fixture(scope="session")
def record() -> Callable[..., Record]:
    """A record of a 48 x 32 picture with two labels and one region; any field can be given."""

    def made(key: str = "toy-1", **fields: object) -> Record:
        labels = [Label("toy:1", "red cup", "A cup as red as a tomato."), Label("toy:2", "spoon")]
        plain: dict[str, object] = {
            "source": "toy",
            "split": "train",
            "extension": "png",
            "width_px": 48,
            "height_px": 32,
            "orientation": 1,
            "crop_xyxy_px": (8.0, 0.0, 40.0, 32.0),
            "captions": [Caption("A red cup and a spoon.", "toy")],
            "labels": labels,
            "regions": [Region("toy:1", (10.0, 4.0, 26.0, 20.0), (8.0, 2.0, 28.0, 22.0))],
            "dropped_boxes": [],
        }
        return Record(key=key, **{**plain, **fields})  # type: ignore[arg-type]

    return made
