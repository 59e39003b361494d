"""Makes the small pictures of this folder that are seeds of the tests: every kind that a decoder meets.

`python make.py` writes them here (Pillow and NumPy; `jpegtran`, where it is installed, for the arithmetic coder).
All are 53 x 37 pixels as stored. `turned` in a name: an orientation from 5 to 8. `unread` in a name: a kind that is
refused as unsupported. What Pillow cannot write is put together here; the Huffman codes are all of one length.
"""

import itertools
import math
import shutil
import struct
import subprocess
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
WIDTH, HEIGHT = 53, 37
Y, X = np.mgrid[:HEIGHT, :WIDTH]
RGB = np.stack([4 * X + Y, 6 * Y, 200 - 3 * X + 40 * ((X // 9 + Y // 7) % 2)], -1).clip(0, 255).astype(np.uint8)
PICTURE = Image.fromarray(RGB)
GREY = np.asarray(PICTURE.convert("L"))
YCC = np.moveaxis(np.asarray(PICTURE.convert("YCbCr")), -1, 0)
ICC = b"a profile that is no profile"


def exif(order: str, value: int, kind: int = 3) -> bytes:
    """A TIFF block with an orientation, in byte order `<` or `>`, of kind 3 (16 bits) or 4 (32 bits)."""
    number = struct.pack(order + ("H2x" if kind == 3 else "I"), value)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    return head + struct.pack(order + "HHHI", 1, 0x0112, kind, 1) + number + bytes(4)


# JPEG


def segment(code: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 255, code, len(content) + 2) + content


def table(number: int, symbols: list[int], length: int) -> bytes:
    """A Huffman table in which the code of a symbol is its place, in `length` bits."""
    counts = [len(symbols) if bits == length else 0 for bits in range(1, 17)]
    return segment(0xC4, bytes([number, *counts, *symbols]))


DC = list(range(17))
AC = [0, 0xF0] + [run << 4 | size for run in range(16) for size in range(1, 11)]
WAVES = np.array([[np.cos((2 * x + 1) * u * np.pi / 16) / (2 if u else 8**0.5) for x in range(8)] for u in range(8)])
ZIGZAG = sorted(np.ndindex(8, 8), key=lambda at: (sum(at), at[1 - sum(at) % 2]))


def coded(value: int, table: list[int], length: int, run: int = 0) -> str:
    """The bits of a value behind `run` zeros."""
    size = abs(value).bit_length()
    low = value if value > 0 else value + (1 << size) - 1
    return f"{table.index(run << 4 | size):0{length}b}" + (f"{low:0{size}b}" if size else "")


def block_bits(block: np.ndarray, last_dc: int, step: int) -> tuple[str, int]:
    waves = np.rint(WAVES @ (block - 128.0) @ WAVES.T / step).astype(int)
    first, *rest = [int(waves[at]) for at in ZIGZAG]
    bits, run = coded(first - last_dc, DC, 5), 0
    for value in rest:
        if value == 0:
            run += 1
            continue
        bits += f"{AC.index(0xF0):08b}" * (run // 16) + coded(value, AC, 8, run % 16)
        run = 0
    return bits + (f"{AC.index(0):08b}" if run else ""), first


def packed(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    return int(bits or "0", 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")


def scan(parts: list[tuple[int, np.ndarray, int, int]], mcus: tuple[int, int], step: int, restart: int) -> bytes:
    """A scan of parts (name, samples, blocks across, blocks down); `mcus` across and down."""
    out = segment(0xDA, bytes([len(parts), *(b for name, *_ in parts for b in (name, 0)), 0, 63, 0]))
    bits, last = "", [0] * len(parts)
    for number, (row, column) in enumerate(np.ndindex(mcus[1], mcus[0])):
        if restart and number and number % restart == 0:
            out += packed(bits) + bytes([255, 0xD0 + (number // restart - 1) % 8])
            bits, last = "", [0] * len(parts)
        for part, (_, samples, across, down) in enumerate(parts):
            for v, h in np.ndindex(down, across):
                top, left = 8 * (row * down + v), 8 * (column * across + h)
                block, last[part] = block_bits(samples[top : top + 8, left : left + 8], last[part], step)
                bits += block
    return out + packed(bits)


def jpeg(planes: np.ndarray, factors: list[tuple[int, int]], *, adobe: int | None = None, restart: int = 0,
         several_scans: bool = False, step: int = 24, names: bytes = bytes([1, 2, 3, 4])) -> bytes:  # fmt: skip
    """A baseline file of planes (C, H, W), with the sampling factors (across, down) of each."""
    most = [max(factor[axis] for factor in factors) for axis in (0, 1)]
    mcus = [-(-size // (8 * factor)) for size, factor in zip((WIDTH, HEIGHT), most, strict=True)]
    parts = []
    for name, plane, (h, v) in zip(names, planes, factors, strict=False):
        columns = ((np.arange(mcus[0] * 8 * h) + 0.5) * most[0] / h).astype(int).clip(0, WIDTH - 1)
        rows = ((np.arange(mcus[1] * 8 * v) + 0.5) * most[1] / v).astype(int).clip(0, HEIGHT - 1)
        parts.append((name, plane[np.ix_(rows, columns)], h, v))
    out = b"\xff\xd8"
    if adobe is not None:
        out += segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, adobe))
    out += segment(0xDB, bytes([0] + [step] * 64)) + table(0, DC[:12], 5) + table(16, AC, 8)
    frame = [entry for name, _, h, v in parts for entry in (name, h << 4 | v, 0)]
    out += segment(0xC0, struct.pack(">BHHB", 8, HEIGHT, WIDTH, len(parts)) + bytes(frame))
    if restart:
        out += segment(0xDD, struct.pack(">H", restart))
    if several_scans or len(parts) == 1:
        for name, plane, h, v in parts:
            blocks = math.ceil(WIDTH * h / most[0] / 8), math.ceil(HEIGHT * v / most[1] / 8)
            out += scan([(name, plane, 1, 1)], blocks, step, restart)
    else:
        out += scan(parts, (mcus[0], mcus[1]), step, restart)
    return out + b"\xff\xd9"


def lossless_jpeg(planes: np.ndarray, names: bytes) -> bytes:
    """Each sample told from the one on its left, in the first column from the one above."""
    samples = planes.astype(int) // 32 * 32
    first = np.concatenate([np.full((len(planes), 1), 128), samples[:, :-1, 0]], 1)
    left = np.concatenate([first[:, :, None], samples[:, :, :-1]], 2)
    bits = "".join(coded(int(value), DC, 5) for value in np.moveaxis(samples - left, 0, -1).ravel())
    frame = struct.pack(">BHHB", 8, HEIGHT, WIDTH, len(names)) + bytes(v for name in names for v in (name, 0x11, 0))
    start = bytes([len(names), *(value for name in names for value in (name, 0)), 1, 0, 0])
    return b"\xff\xd8" + table(0, DC, 5) + segment(0xC3, frame) + segment(0xDA, start) + packed(bits) + b"\xff\xd9"


def saved(picture: Image.Image, **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", **{"quality": 50, **options})
    return out.getvalue()


def jpegs() -> dict[str, bytes]:
    inks = 255 - np.concatenate([YCC, GREY[None] // 2])
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/' tiff:Orientation='6'/>"
    full, colour = (1, 1), [(1, 1)] * 2
    files = {
        "444": saved(PICTURE, subsampling="4:4:4"),
        "422": saved(PICTURE, subsampling="4:2:2"),
        "411": jpeg(YCC, [(4, 1), *colour]),
        "440": jpeg(YCC, [(1, 2), *colour]),
        "441": jpeg(YCC, [(1, 4), *colour]),
        "410": jpeg(YCC, [(4, 2), *colour]),
        "3x1": jpeg(YCC, [(3, 1), *colour]),
        "mixed_sampling": jpeg(YCC, [(2, 2), (2, 1), (1, 2)]),
        "unread_fractional_sampling": jpeg(YCC, [(3, 2), (2, 1), full]),
        "grey_2x2": jpeg(GREY[None], [(2, 2)]),
        "restarts": saved(PICTURE, restart_marker_blocks=3),
        "progressive_restarts": saved(PICTURE, progressive=True, restart_marker_rows=1),
        "several_scans": jpeg(YCC, [(2, 2), *colour], several_scans=True, restart=4),
        "progressive_grey": saved(PICTURE.convert("L"), progressive=True),
        "progressive_cmyk": saved(PICTURE.convert("CMYK"), progressive=True),
        "rgb": jpeg(np.moveaxis(RGB, -1, 0), [full] * 3, adobe=0),
        "rgb_by_names": jpeg(np.moveaxis(RGB, -1, 0), [full] * 3, names=b"RGB"),
        "ycck": jpeg(inks, [(2, 1), *colour, (2, 1)], adobe=2),
        "cmyk_plain": jpeg(inks, [full] * 4),
        "lossless": lossless_jpeg(np.moveaxis(RGB, -1, 0), b"RGB"),
        "unread_lossless_grey": lossless_jpeg(GREY[None], b"\1"),
        "exif_little_turned": saved(PICTURE, exif=b"Exif\0\0" + exif("<", 6), icc_profile=ICC, comment=b"a comment"),
        "exif_big_turned": saved(PICTURE, exif=b"Exif\0\0" + exif(">", 5, kind=4), progressive=True),
        "exif_mirrored": saved(PICTURE, exif=b"Exif\0\0" + exif(">", 2), xmp=xmp),
        "exif_rotated": saved(PICTURE, exif=b"Exif\0\0" + exif("<", 3), restart_marker_blocks=5),
        "trailing": saved(PICTURE) + saved(PICTURE, quality=5),
        "unread_two_components": jpeg(YCC[:2], [full, full]),
        "unread_twelve_bits": saved(PICTURE.convert("L")).replace(b"\xff\xc0\0\x0b\x08", b"\xff\xc1\0\x0b\x0c"),
    }
    if jpegtran := shutil.which("jpegtran"):
        for name, options in {"arithmetic": [], "progressive_arithmetic": ["-progressive"]}.items():
            command = [jpegtran, "-arithmetic", *options]
            files[name] = subprocess.run(command, input=files["422"], stdout=subprocess.PIPE, check=True).stdout
    return {f"{name}.jpg": content for name, content in files.items()}


# PNG

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def rows(colour: int, depth: int, *, interlaced: bool) -> bytes:
    """Rows of any bytes, under each filter in turn: all bytes are sound filtered rows, but for an index too high."""
    out = b""
    for left, top, across, down in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        width, height = len(range(left, WIDTH, across)), len(range(top, HEIGHT, down))
        length = (width * SAMPLES[colour] * depth + 7) // 8
        for row in range(height if width else 0):
            kind = 0 if colour == 3 else row % 5
            out += bytes([kind, *((column // 4 + row // 3) % 3 * (1 + colour) for column in range(length))])
    return out


def png(colour: int, depth: int, *, interlaced: bool = False, level: int = 9,
        before: tuple[bytes, ...] = (), after: tuple[bytes, ...] = ()) -> bytes:  # fmt: skip
    """A file of a colour type and depth with chunks before and after the pixels, in two parts."""
    data = zlib.compress(rows(colour, depth, interlaced=interlaced), level)
    palette = bytes(itertools.islice(itertools.cycle(range(0, 256, 17)), 3 * min(1 << depth, 64)))
    half = len(data) // 2
    return b"".join([
        b"\x89PNG\r\n\x1a\n",
        chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour, 0, 0, interlaced)),
        chunk(b"PLTE", palette) if colour == 3 else b"",
        *before,
        chunk(b"IDAT", data[:half]) + chunk(b"IDAT", data[half:]),
        *after,
        chunk(b"IEND", b""),
    ])  # fmt: skip


def pngs() -> dict[str, bytes]:
    kinds = {"grey": 0, "rgb": 2, "palette": 3, "grey_alpha": 4, "rgba": 6}
    depths = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
    files = {f"{name}_{depth}": png(colour, depth) for name, colour in kinds.items() for depth in depths[colour]}
    for name, depth in [("grey", 1), ("grey", 16), ("rgb", 8), ("palette", 2), ("grey_alpha", 8), ("rgba", 16)]:
        files[f"{name}_{depth}_interlaced"] = png(kinds[name], depth, interlaced=True)
    control = chunk(b"acTL", struct.pack(">II", 2, 0))
    frame = [chunk(b"fcTL", struct.pack(">IIIIIHHBB", n, WIDTH, HEIGHT, 0, 0, 1, 10, 0, 0)) for n in (0, 1)]
    second = chunk(b"fdAT", struct.pack(">I", 2) + zlib.compress(rows(2, 8, interlaced=False), 9))
    profile = chunk(b"iCCP", b"name\0\0" + zlib.compress(ICC))
    text = chunk(b"tEXt", b"Title\0text") + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"more text" * 9))
    return {f"{name}.png": content for name, content in files.items()} | {
        "grey_trns.png": png(0, 8, before=(chunk(b"tRNS", b"\0\1"),)),
        "rgb_trns.png": png(2, 16, before=(chunk(b"tRNS", bytes(6)),)),
        "palette_trns_interlaced.png": png(3, 4, interlaced=True, before=(chunk(b"tRNS", b"\0\x80\xff"),)),
        "stored.png": png(0, 4, level=0),
        "stored_interlaced.png": png(3, 1, level=0, interlaced=True),
        "exif_turned.png": png(2, 8, before=(profile, text, chunk(b"eXIf", exif("<", 8)))),
        "exif_late_turned.png": png(6, 8, after=(text, chunk(b"eXIf", exif(">", 7)))),
        "animated.png": png(2, 8, before=(control, frame[0]), after=(frame[1], second)),
        "gamma.png": png(0, 8, before=(chunk(b"gAMA", struct.pack(">I", 45455)), chunk(b"sBIT", b"\5"))),
        "trailing.png": png(0, 2) + b"more bytes" * 3,
    }  # fmt: skip


if __name__ == "__main__":
    for name, content in (jpegs() | pngs()).items():
        (HERE / name).write_bytes(content)
