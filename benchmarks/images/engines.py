"""The decoders under test: what each does for a work, as one function of a sample. All but numpy is optional.

Works: `jpeg`, `png` and `webp` give the whole picture (H, W, 3); `square` the central square at 224x224; `crops` that and eight
region crops (9, 224, 224, 3). Every engine is held to one thread, except where a work is about threads.
"""

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.families import Families, version_of
from benchmarks.images.samples import SIDE_PX, Sample

Run = Callable[[Sample], Any]
Batch = Callable[[list[Sample], int], Any]


@dataclass(frozen=True)
class Engine:
    """A way to do a work. `batch` takes many samples and a number of threads, where the library has such a call."""

    work: str
    name: str
    run: Run
    batch: Batch | None = None


def _square(size: tuple[int, int]) -> tuple[float, float, float, float]:
    side = min(size)
    left, top = (size[0] - side) / 2, (size[1] - side) / 2
    return (left, top, left + side, top + side)


def pillow_engines() -> list[Engine]:
    """Pillow, or pillow-simd where that is what is installed."""
    image = import_module("PIL.Image")
    features = import_module("PIL.features")
    name = "pillow-simd" if version_of("pillow-simd") else "pillow"
    bicubic, bilinear, out = image.Resampling.BICUBIC, image.Resampling.BILINEAR, (SIDE_PX, SIDE_PX)

    def opened(sample: Sample) -> Any:
        return image.open(io.BytesIO(sample.data))

    def whole(sample: Sample) -> Any:
        return np.asarray(opened(sample).convert("RGB"))

    def square(draft: int, resample: Any) -> Run:
        def run(sample: Sample) -> Any:
            picture = opened(sample)
            if draft:
                picture.draft("RGB", (draft * SIDE_PX, draft * SIDE_PX))
            picture = picture.convert("RGB")
            return np.asarray(picture.resize(out, resample, box=_square(picture.size)))

        return run

    def crops_each(sample: Sample) -> Any:
        return np.stack(
            [np.asarray(opened(sample).convert("RGB").resize(out, bicubic, box=tuple(crop))) for crop in sample.crops]
        )

    def crops_once(sample: Sample) -> Any:
        picture = opened(sample).convert("RGB")
        return np.stack([np.asarray(picture.resize(out, bicubic, box=tuple(crop))) for crop in sample.crops])

    whole_kinds = ["jpeg", "png", *(["webp"] if features.check("webp") else [])]
    return [
        *(Engine(kind, name, whole) for kind in whole_kinds),
        Engine("square", f"{name} full + bicubic", square(0, bicubic)),
        Engine("square", f"{name} draft 2x + bicubic", square(2, bicubic)),
        Engine("square", f"{name} draft 1x + bicubic", square(1, bicubic)),
        Engine("square", f"{name} draft 1x + bilinear", square(1, bilinear)),
        Engine("crops", f"{name} each crop, bicubic", crops_each),
        Engine("crops", f"{name} decoded once, bicubic", crops_once),
    ]


def simplejpeg_engines() -> list[Engine]:
    """simplejpeg: libjpeg-turbo with little around it. Its 1/8 scale is nearly entropy decoding alone: the floor."""
    decode = import_module("simplejpeg").decode_jpeg
    engines = [
        Engine("jpeg", "simplejpeg", lambda s: decode(s.data, "RGB")),
        Engine("jpeg", "simplejpeg, fast (inexact)", lambda s: decode(s.data, "RGB", fastdct=True, fastupsample=True)),
        Engine("jpeg", "entropy floor: simplejpeg at 1/8", lambda s: decode(s.data, "RGB", min_height=1, min_width=1)),
    ]
    try:
        cv2 = import_module("cv2")
    except ImportError:
        return engines

    def scaled(gap: int) -> Run:
        least = gap * SIDE_PX
        return lambda s: _cv_square(
            cv2, decode(s.data, "RGB", min_height=least, min_width=least, min_factor=1), cv2.INTER_AREA
        )

    return [*engines, *(Engine("square", f"simplejpeg scaled {gap}x + opencv area", scaled(gap)) for gap in (2, 1))]


def _cv_square(cv2: Any, pixels: Any, interpolation: int) -> Any:
    left, top, right, bottom = map(int, _square((pixels.shape[1], pixels.shape[0])))
    return cv2.resize(pixels[top:bottom, left:right], (SIDE_PX, SIDE_PX), interpolation=interpolation)


def opencv_engines() -> list[Engine]:
    """OpenCV. Only its INTER_AREA antialiases; the others are shown because they are what is mostly used."""
    cv2 = import_module("cv2")
    cv2.setNumThreads(1)
    filters = {"area": cv2.INTER_AREA, "linear (aliases)": cv2.INTER_LINEAR, "cubic (aliases)": cv2.INTER_CUBIC}

    def whole(sample: Sample) -> Any:
        return cv2.imdecode(np.frombuffer(sample.data, np.uint8), cv2.IMREAD_COLOR_RGB)

    def square(interpolation: int) -> Run:
        return lambda sample: _cv_square(cv2, whole(sample), interpolation)

    def crops(interpolation: int) -> Run:
        def run(sample: Sample) -> Any:
            pixels = whole(sample)
            return np.stack(
                [
                    cv2.resize(pixels[y0:y1, x0:x1], (SIDE_PX, SIDE_PX), interpolation=interpolation)
                    for x0, y0, x1, y1 in sample.crops.tolist()
                ]
            )

        return run

    return [
        *(Engine(kind, "opencv", whole) for kind in ("jpeg", "png", "webp")),
        *(Engine("square", f"opencv full + {name}", square(value)) for name, value in filters.items()),
        *(Engine("crops", f"opencv decoded once, {name}", crops(value)) for name, value in filters.items()),
    ]


def kornia_engines() -> list[Engine]:
    """kornia-rs, with both of its JPEG decoders."""
    kornia = import_module("kornia_rs")

    def turbo(sample: Sample) -> Any:
        return kornia.io.decode_image_jpegturbo(sample.data, "rgb")

    def any_format(sample: Sample) -> Any:
        return kornia.image.Image.decode(sample.data).to_numpy()

    def resized(pixels: Any, crop: Any) -> Any:
        x0, y0, x1, y1 = (int(value) for value in crop)
        part = np.ascontiguousarray(pixels[y0:y1, x0:x1])
        return kornia.imgproc.resize(part, (SIDE_PX, SIDE_PX), "bicubic", True)

    def crops(sample: Sample) -> Any:
        pixels = turbo(sample)
        return np.stack([resized(pixels, crop) for crop in sample.crops])

    return [
        Engine("jpeg", "kornia-rs, libjpeg-turbo", turbo),
        Engine("jpeg", "kornia-rs, zune", lambda s: kornia.io.decode_image_jpeg(s.data)),
        Engine("png", "kornia-rs", any_format),
        Engine("webp", "kornia-rs", any_format),
        Engine("square", "kornia-rs full + bicubic", lambda s: resized(turbo(s), s.crops[0])),
        Engine("crops", "kornia-rs decoded once, bicubic", crops),
    ]


def torchvision_engines() -> list[Engine]:
    """torchvision on the CPU; its pictures are (3, H, W), shown as (H, W, 3) without a copy."""
    torch, codecs = import_module("torch"), import_module("torchvision.io")
    resized_crop = import_module("torchvision.transforms.v2.functional").resized_crop
    bicubic = import_module("torchvision.transforms").InterpolationMode.BICUBIC
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="The given buffer is not writable")
    rgb = codecs.ImageReadMode.RGB

    def decoder(decode: Any) -> Run:
        return lambda sample: decode(torch.frombuffer(sample.data, dtype=torch.uint8), mode=rgb)

    def shown(run: Run) -> Run:
        return lambda sample: run(sample).permute(1, 2, 0).numpy()

    jpeg = decoder(codecs.decode_jpeg)

    def resized(pixels: Any, crop: Any) -> Any:
        x0, y0, x1, y1 = (int(value) for value in crop)
        out = [SIDE_PX, SIDE_PX]
        return resized_crop(pixels, y0, x0, y1 - y0, x1 - x0, out, bicubic, True).permute(1, 2, 0).numpy()

    def crops(sample: Sample) -> Any:
        pixels = jpeg(sample)
        return np.stack([resized(pixels, crop) for crop in sample.crops])

    return [
        Engine("jpeg", "torchvision", shown(jpeg)),
        Engine("png", "torchvision", shown(decoder(codecs.decode_png))),
        Engine("webp", "torchvision", shown(decoder(codecs.decode_webp))),
        Engine("square", "torchvision full + bicubic", lambda s: resized(jpeg(s), s.crops[0])),
        Engine("crops", "torchvision decoded once, bicubic", crops),
    ]


def mmgic_engines() -> list[Engine]:
    """Ours, in each mode."""
    images = import_module("mmgic.images")

    def decoded(samples: list[Sample], threads: int) -> Any:
        pictures = images.decode([sample.data for sample in samples], threads=threads)
        if bad := [picture.status.name for picture in pictures if not picture.status.has_pixels]:
            raise ValueError(f"statuses {bad}")
        return [picture.pixels for picture in pictures]

    def cropped(mode: str, count: int) -> Batch:
        def run(samples: list[Sample], threads: int) -> Any:
            crops = [sample.crops[:count] for sample in samples]
            files = [sample.data for sample in samples]
            pixels, statuses = images.decode_crops(files, crops, side=SIDE_PX, mode=mode, threads=threads)
            if statuses.any():
                raise ValueError(f"statuses {statuses.tolist()}")
            return pixels

        return run

    def one(batch: Batch) -> Run:
        return lambda sample: batch([sample], 1)[0]

    def engine(mode: str, work: str, count: int) -> Engine:
        batch = cropped(mode, count)
        run = one(batch) if count == 1 else lambda sample: batch([sample], 1)
        return Engine(work, f"mmgic {mode}", run, batch)

    return [
        *(Engine(kind, "mmgic", one(decoded), decoded) for kind in ("jpeg", "png", "webp")),
        *(engine(mode, "square", 1) for mode in images.MODES),
        *(engine(mode, "crops", 9) for mode in images.MODES),
    ]


FAMILIES: Families[Engine] = {
    "mmgic": ("mmgic", mmgic_engines),
    "pillow": ("pillow", pillow_engines),
    "simplejpeg": ("simplejpeg", simplejpeg_engines),
    "opencv": ("opencv-python-headless", opencv_engines),
    "kornia-rs": ("kornia-rs", kornia_engines),
    "torchvision": ("torchvision", torchvision_engines),
}
"""The distribution and the engines of each peer, in the order of the tables."""


def _build_line(report: str, word: str) -> str:
    return next((line.split(":", 1)[1].strip() for line in report.splitlines() if line.strip().startswith(word)), "")


def engine_versions(families: list[str]) -> dict[str, str]:
    """Versions of the peers, and of the libraries inside where they can be asked."""
    found = {name: version_of(FAMILIES[name][0]) for name in families}
    if version_of("pillow-simd"):
        found["pillow-simd"] = found.pop("pillow", "") or version_of("pillow-simd")
    name = "pillow-simd" if "pillow-simd" in found else "pillow"
    if name in found:
        features = import_module("PIL.features")
        for part in ("libjpeg_turbo", "zlib_ng", "zlib", "webp"):
            found[f"{name}: {part}"] = features.version(part) or "no"
    if "opencv" in found:
        report = import_module("cv2").getBuildInformation()
        for part in ("JPEG", "PNG", "WEBP", "ZLib"):
            found[f"opencv: {part}"] = _build_line(report, part + ":")
    if "torchvision" in found:
        found["torchvision: torch"] = version_of("torch")
    return found
