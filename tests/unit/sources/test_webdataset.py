"""Tars of samples: members in any order, keys with dots and folders, other parts, doubles, links, and tars that are cut."""

import io
import json
import subprocess
import tarfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mmgic.errors import InputError
from mmgic.schema.params import Params
from mmgic.schema.records import LostImage, RawRecord
from mmgic.shards.folder import Folder

Images = Sequence[RawRecord | LostImage]
Read = Callable[..., Images]
JPG = b"\xff\xd8 no picture, but bytes"


def _tar(members: Sequence[tuple[str, bytes | tarfile.TarInfo]], format: int = tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name) if isinstance(data, bytes) else data
            info.size = len(data) if isinstance(data, bytes) else 0
            tar.addfile(info, io.BytesIO(data) if isinstance(data, bytes) else None)
    return stream.getvalue()


@pytest.fixture
def read(tmp_path: Path, raw_records: Read) -> Read:
    def made(tars: dict[str, bytes] | Sequence[tuple[str, Any]], **options: Any) -> Images:
        origin = Folder(str(tmp_path / "set"))
        for name, data in (tars if isinstance(tars, dict) else {"00000.tar": _tar(tars)}).items():
            origin.write(name, data)
        return raw_records("webdataset", origin, **options)

    return made


def _short(images: Images) -> list[tuple[object, ...]]:
    return [
        (image.cause,) if isinstance(image, LostImage) else tuple(caption.text for caption in image.captions)
        for image in images
    ]


def test_members_of_img2dataset(read: Read) -> None:
    note = {
        "url": "http://static.flickr.com/1/77_ab.jpg",
        "caption": "A dog",
        "width": 4,
        "height": 3,
        "LICENSE": "CC0",
    }
    note |= {"key": "000000012", "status": "success", "error_message": None, "sha256": "ab", "exif": "{}"}
    (image,) = read(
        [
            ("000000012.jpg", JPG),
            ("000000012.json", json.dumps(note).encode()),
            ("000000012.txt", b"A dog"),
        ]
    )
    assert isinstance(image, RawRecord)
    assert (image.key.startswith("webdataset-00000_000000012-"), image.split) == (True, "train")
    assert [caption.text for caption in image.captions] == ["A dog"]
    assert (image.origin, image.license, image.ids) == (note["url"], "CC0", {"flickr": "77"})
    assert (image.declared_size_px, image.picture.path, image.picture.num_bytes) == (
        (4, 3),
        "webdataset/00000.tar",
        len(JPG),
    )


def test_a_picture_is_a_stretch_of_its_tar(read: Read, tmp_path: Path) -> None:
    first, second = read([("a.txt", b"x" * 700), ("a.jpg", b"1" * 600), ("b.PNG", b"2" * 10), ("b.caption", b"y")])
    for image, data in ((first, b"1" * 600), (second, b"2" * 10)):
        assert isinstance(image, RawRecord)
        with (tmp_path / "raw-webdataset-None" / image.picture.path).open("rb") as stream:
            stream.seek(image.picture.offset)
            assert stream.read(image.picture.num_bytes) == data


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_keys_hold_dots_folders_and_any_letters(read: Read, format: int) -> None:
    names = ["img.0001", "img.0002", "d.x/e/7", "猫", "long/" * 40 + "n" * 120, "sp ace'\"", "noext/.hidden"]
    members = [(f"{name}.{ending}", b"words here") for name in names for ending in ("txt", "jpg")]
    images = read({"t.tar": _tar(members, format)})
    assert _short(images) == [("words here",)] * 4 + [("words here",)] * 3
    keys = [image.key for image in images]
    assert len(set(keys)) == len(keys) and all(key.isascii() and len(key) < 120 for key in keys)


@pytest.mark.parametrize(
    "members",
    [
        ["0001.depth.png", "0001.jpg", "0001.seg.png", "0001.txt", "0001.cls"],
        ["0001.jpg", "0001.seg.png", "0001.depth.png", "0001.cls", "0001.txt"],
        ["0001.txt", "0001.cls", "0001.depth.png", "0001.seg.png", "0001.jpg"],
    ],
)
def test_other_parts_of_a_sample_are_passed_over_and_counted(read: Read, members: list[str]) -> None:
    (image,) = read([(name, b"words") for name in members])
    assert isinstance(image, RawRecord)
    assert (image.dropped, [caption.text for caption in image.captions]) == ({"member.ignored": 3}, ["words"])


def test_a_part_with_a_caption_of_its_own_is_a_sample(read: Read) -> None:
    names = ["photo.jpg", "photo.txt", "photo.v2.jpg", "photo.v2.txt"]
    assert _short(read([(name, name.encode()) for name in names])) == [("photo.txt",), ("photo.v2.txt",)]


def test_captions_are_put_together(read: Read) -> None:
    (image,) = read(
        [
            ("a.json", b'{"caption": "from json", "TEXT": "also", "top_caption": "made", "similarity": 0.5}'),
            ("a.jpg", JPG),
            ("a.txt", b"\xef\xbb\xbffrom\ntext "),
            ("a.caption", b"also"),
        ]
    )
    assert isinstance(image, RawRecord)
    assert [(c.text, c.origin) for c in image.captions] == [
        ("from text", "webdataset"),
        ("also", "webdataset"),
        ("from json", "webdataset"),
        ("made", "webdataset/top_caption"),
    ]


def test_what_is_missing_or_unreadable(read: Read) -> None:
    images = read(
        [
            ("a.jpg", JPG),
            ("b.txt", b"no picture"),
            ("c.jpg", JPG),
            ("c.txt", b"caf\xe9"),
            ("d.jpg", JPG),
            ("d.json", b'{"caption": '),
            ("e.jpg", JPG),
            ("e.txt", b"x" * ((1 << 20) + 1)),
            ("f.jpg", b""),
            ("f.txt", b"empty"),
            ("readme", b""),
        ]
    )
    assert _short(images) == [(), ("no_picture",), (), (), (), ("empty_picture",), ("no_picture",)]
    assert [image.dropped for image in images if isinstance(image, RawRecord)] == [
        {},
        {"caption.unreadable": 1},
        {"member.unreadable": 1},
        {"caption.unreadable": 1},
    ]


def test_two_samples_of_one_key(read: Read) -> None:
    side_by_side = [("a.jpg", b"1"), ("a.txt", b"one"), ("a.jpg", b"2"), ("a.png", b"3")]
    assert _short(read(side_by_side)) == [("duplicate_key",), ("duplicate_key",), ("one",)]
    apart = [("a.jpg", b"1"), ("a.txt", b"one"), ("b.jpg", b"2"), ("a.jpg", b"3"), ("a.txt", b"two")]
    images = read(apart)
    assert _short(images) == [("one",), (), ("duplicate_key",)]
    assert [image.dropped for image in images] == [{}, {}, {"caption.record_rejected": 1}]


def test_the_same_key_in_two_tars_is_two_samples(read: Read) -> None:
    tar = _tar([("0.jpg", JPG), ("0.txt", b"one")])
    first, second = read({"train/a.tar": tar, "val/a.tar": tar})
    assert (first.split, second.split) == ("train", "val") and first.key != second.key


def test_links_devices_and_names_that_leave_are_named_and_not_followed(read: Read) -> None:
    link, hard, device = tarfile.TarInfo("a.jpg"), tarfile.TarInfo("b.jpg"), tarfile.TarInfo("c.jpg")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    hard.type, hard.linkname = tarfile.LNKTYPE, "z.jpg"
    device.type = tarfile.CHRTYPE
    text = tarfile.TarInfo("d.txt")
    text.type, text.linkname = tarfile.SYMTYPE, "/etc/passwd"
    folder = tarfile.TarInfo("folder.jpg")
    folder.type = tarfile.DIRTYPE
    images = read(
        [
            ("", folder),
            ("", link),
            ("a.txt", b"x"),
            ("", hard),
            ("", device),
            ("d.jpg", JPG),
            ("", text),
            ("../../e.jpg", JPG),
            ("/f.jpg", JPG),
        ]
    )
    causes = ["not_a_plain_file"] * 3 + ["", "unsafe_name", "unsafe_name"]
    assert _short(images) == [(cause,) if cause else () for cause in causes]
    assert images[3].dropped == {"caption.unreadable": 1}
    assert [image.dropped for image in images[:2]] == [{"caption.record_rejected": 1}, {}]


def test_a_sparse_member_is_named(read: Read, tmp_path: Path) -> None:
    with (tmp_path / "a.jpg").open("wb") as stream:
        stream.write(b"x" * 4096)
        stream.seek(1 << 20)
        stream.write(b"y" * 4096)
    (tmp_path / "a.txt").write_text("sparse words")
    for kind in ("gnu", "pax"):
        words = ["tar", "--sparse", f"--format={kind}", "-cf", f"{kind}.tar", "a.jpg", "a.txt"]
        subprocess.run(words, cwd=tmp_path, check=True)
    tars = {f"{kind}.tar": (tmp_path / f"{kind}.tar").read_bytes() for kind in ("gnu", "pax")}
    assert len(tars["gnu.tar"]) < 1 << 17
    assert Counter(_short(read(tars))) == {("not_a_plain_file",): 2}


def test_a_picture_of_too_many_bytes_is_named(read: Read, params: Params) -> None:
    fetch = msgspec.structs.replace(params.fetch, max_picture_bytes=10)
    small = msgspec.structs.replace(params, fetch=fetch)
    assert _short(read([("a.jpg", b"1" * 10), ("b.jpg", b"1" * 11)], params=small)) == [(), ("too_many_bytes",)]


SAMPLES = [(f"{n}.{end}", f"words {n}".encode() * 100) for n in range(5) for end in ("jpg", "txt")]
WHOLE = _tar(SAMPLES)
BLOCK = 512 + 1024  # of a member: its header and 800 bytes


@pytest.mark.parametrize(
    ("data", "num_whole", "detail"),
    [
        (WHOLE[: 4 * BLOCK + 512 + 10], 2, "byte 6144: unexpected end of data; 2 samples came before"),
        (WHOLE[: 5 * BLOCK + 512 + 10], 2, "byte 7680: unexpected end of data; 2 samples came before"),
        (WHOLE[: 4 * BLOCK + 100], 2, "byte 6144: a header is damaged; 2 samples came before"),
        (WHOLE[: 4 * BLOCK], 2, "byte 6144: the tar has no end; 2 samples came before"),
        (WHOLE[: 10 * BLOCK], 5, "the tar has no end; 5 samples came before"),
        (WHOLE[: 4 * BLOCK] + b"\xff" * 1024 + WHOLE[4 * BLOCK + 1024 :], 2, "byte 6144: a header is damaged"),
        (WHOLE + WHOLE, 5, "there is more behind the end of the tar; 5 samples came before"),
        (b"", 0, "byte 0: empty file; 0 samples came before"),
        (b"no tar at all" * 100, 0, "byte 0: invalid header; 0 samples came before"),
    ],
)
def test_a_broken_tar_gives_what_came_before_and_is_named(read: Read, data: bytes, num_whole: int, detail: str) -> None:
    images = read({"a-broken.tar": data, "b.tar": _tar(SAMPLES[:2])})
    assert _short(images)[:num_whole] == [(f"words {n}" * 100,) for n in range(num_whole)]
    lost = images[num_whole]
    assert isinstance(lost, LostImage) and (lost.cause, len(images)) == ("broken_archive", num_whole + 2)
    assert lost.detail.startswith("webdataset/a-broken.tar, ") and detail in lost.detail


def test_a_header_that_claims_to_be_endless_takes_no_memory(read: Read) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 8 << 30
    images = read({"a.tar": _tar(SAMPLES[:2])[: 2 * BLOCK] + info.tobuf(tarfile.GNU_FORMAT) + b"y" * 4096})
    assert _short(images)[1] == ("broken_archive",)
    assert "a header of 8589934592 bytes" in images[1].detail  # type: ignore[union-attr]


def test_no_tar_is_named_and_so_is_one_that_is_packed(tmp_path: Path, raw_records: Read) -> None:
    origin = Folder(str(tmp_path / "set"))
    origin.write("a.zip", b"")
    with pytest.raises(InputError, match="no tar of samples"):
        raw_records("webdataset", origin)
    origin.write("a.tar", _tar([("0.jpg", JPG)]))
    origin.write("b.tar.gz", b"")
    with pytest.raises(InputError, match="b.tar.gz is packed"):
        raw_records("webdataset", origin)
