"""One unit of `normalize`: pictures are read, checked and counted; each broken one is named with its cause."""

import math
import pickle
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from blake3 import blake3

from mmgic.schema.params import NormalizeParams, Params
from mmgic.schema.records import Caption, Label, LostImage, Phrase, PictureRef, RawBox, RawRecord, Relation
from mmgic.shards.folder import Folder
from mmgic.shards.records import read_record_shard
from mmgic.shards.work import UnitNote, UnitNotes
from mmgic.sources.descriptions import descriptions_for
from mmgic.sources.normalize import RecordUnit, write_records


@pytest.fixture
def normalized(scratch: Folder, params: Params) -> Callable[..., UnitNote]:
    """Puts pictures into a raw folder and normalizes one record of each."""

    def made(pictures: dict[str, bytes], size_mismatch: Any = "reject", **changes: Any) -> UnitNote:
        raw_records = []
        for name, data in pictures.items():
            (scratch / "raw").write(name, data)
            box = RawBox(Label("toy:1", "cup"), (2.0, 2.0, 22.0, 22.0))
            record = RawRecord(
                name.split(".")[0],
                "toy",
                "train",
                PictureRef(name, blake3=blake3(data).hexdigest()),
                [Caption("Hi.", "toy")],
                [box],
            )
            raw_records.append(msgspec.structs.replace(record, **changes))
        settings: NormalizeParams = msgspec.structs.replace(params.normalize, size_mismatch=size_mismatch)
        descriptions = descriptions_for(settings.descriptions)
        unit = RecordUnit("train-00000.tar", "train", raw_records)
        return write_records(
            unit,
            scratch / "raw",
            scratch / "out",
            scratch / "drafts",
            UnitNotes(scratch / "units"),
            settings,
            descriptions,
            None,
            1,
        )

    return made


def test_bytes_are_kept_and_counts_add_up(
    normalized: Callable[..., UnitNote], scratch: Folder, picture: Callable[..., bytes]
) -> None:
    pictures = {"a.png": picture(), "b.jpg": picture(format="JPEG", orientation=6)}
    note = normalized(pictures)
    records = list(read_record_shard(scratch / "out", note.entries[0]))
    assert [data for _, data in records] == list(pictures.values())
    assert [(r.extension, r.width_px, r.height_px, r.orientation) for r, _ in records] == [
        ("png", 48, 32, 1),
        ("jpg", 32, 48, 6),
    ]
    counts = {"pictures": 2, "boxes": 2, "records": 2, "captions": 2, "labels": 2, "regions": 2}
    assert note.counts == {**counts, "described_labels": 0}
    assert [record.blake3 for record, _ in records] == [blake3(data).hexdigest() for data in pictures.values()]


def test_a_stretch_of_a_file_is_a_picture(
    normalized: Callable[..., UnitNote], scratch: Folder, picture: Callable[..., bytes]
) -> None:
    data = picture()
    note = normalized({"a.bin": b"before" + data + b"after"}, picture=PictureRef("a.bin", 6, len(data)))
    ((record, stored),) = read_record_shard(scratch / "out", note.entries[0])
    assert (record.key, stored) == ("a", data)


@pytest.mark.parametrize(
    ("cause", "change"),
    [
        ("unknown_format", lambda data: b"%PDF-1.7" + data),
        ("unknown_format", lambda data: b""),
        ("truncated", lambda data: data[: len(data) // 2]),
        ("corrupt", lambda data: data[:60] + b"\0" * (len(data) - 60)),
    ],
)
def test_a_broken_picture_is_rejected_with_its_cause(
    normalized: Callable[..., UnitNote],
    picture: Callable[..., bytes],
    cause: str,
    change: Callable[[bytes], bytes],
) -> None:
    note = normalized({"a.png": picture(), "bad.png": change(picture(orientation=1))})
    (rejection,) = note.rejections
    assert rejection.key == "bad" and "bad.png" in rejection.detail
    assert rejection.cause == cause or {rejection.cause, cause} <= {"truncated", "corrupt"}
    assert (note.counts["records"], note.counts["rejected"], note.counts["dropped.record_rejected"]) == (
        1,
        1,
        1,
    )
    assert note.counts["boxes"] == note.counts["regions"] + 1
    assert (note.counts["captions"], note.counts["dropped_caption.record_rejected"]) == (1, 1)


def test_phrases_and_relations_go_with_their_picture(normalized: Callable[..., UnitNote]) -> None:
    box = (0.0, 0.0, 9.0, 9.0)
    phrases = [Phrase("a", box), Phrase("b", box)]
    relations = [Relation("on", "toy:1", box, "toy:1", box)]
    note = normalized({"a.png": b""}, phrases=phrases, relations=relations, dropped={"phrase.repeated": 3})
    dropped = {name: count for name, count in note.counts.items() if name.startswith("dropped_")}
    assert dropped == {
        "dropped_caption.record_rejected": 1,
        "dropped_phrase.record_rejected": 2,
        "dropped_phrase.repeated": 3,
        "dropped_relation.record_rejected": 1,
    }


def test_too_many_pixels(normalized: Callable[..., UnitNote], picture: Callable[..., bytes], params: Params) -> None:
    note = normalized({"a.png": picture(12000, 9000)})
    assert 12000 * 9000 > params.normalize.max_pixels
    assert [rejection.cause for rejection in note.rejections] == ["too_many_pixels"]
    assert note.entries == []


def test_missing_changed_and_unlisted_pictures(
    normalized: Callable[..., UnitNote], picture: Callable[..., bytes]
) -> None:
    data = picture()
    digest = blake3(data).hexdigest()
    assert (
        normalized({"a.png": data}, picture=PictureRef("gone.png", blake3=digest)).rejections[0].cause
        == "missing_picture"
    )


def test_a_picture_that_changed_since_it_was_fetched_names_both_hashes(
    normalized: Callable[..., UnitNote], picture: Callable[..., bytes]
) -> None:
    data = picture()
    (rejection,) = normalized({"a.png": data}, picture=PictureRef("a.png", blake3="0" * 64)).rejections
    assert rejection.cause == "changed_picture"
    assert blake3(data).hexdigest() in rejection.detail and "0" * 64 in rejection.detail


def test_a_picture_that_is_not_in_the_ledger_is_not_read(
    normalized: Callable[..., UnitNote], picture: Callable[..., bytes]
) -> None:
    assert normalized({"a.png": picture()}, picture=PictureRef("a.png")).rejections[0].cause == "missing_picture"


def test_a_unit_that_is_done_is_not_read_again(
    normalized: Callable[..., UnitNote], scratch: Folder, picture: Callable[..., bytes]
) -> None:
    first = normalized({"a.png": picture()})
    scratch.fs.rm((scratch / "out").path, recursive=True)
    assert normalized({"a.png": b"not even a picture"}) == first
    assert not (scratch / "out").exists()


@pytest.mark.parametrize(
    ("kind", "extension"), [("WEBP", "webp"), ("GIF", "gif"), ("BMP", "bmp"), ("TIFF", "tif"), ("JPEG", "jpg")]
)
def test_every_format_becomes_a_record_of_its_own_bytes(
    normalized: Callable[..., UnitNote], picture: Callable[..., bytes], scratch: Folder, kind: str, extension: str
) -> None:
    data = picture(format=kind)
    note = normalized({"a.bin": data})
    ((record, stored),) = read_record_shard(scratch / "out", note.entries[0])
    assert (record.extension, stored) == (extension, data)


def test_what_a_decoder_notices_is_counted(normalized: Callable[..., UnitNote], picture: Callable[..., bytes]) -> None:
    sound = picture(format="JPEG")
    profile = b"\xff\xe2" + (16).to_bytes(2, "big") + b"ICC_PROFILE\0\1\1"
    extra = sound[:-2] + b"\0" * 300 + sound[-2:]
    note = normalized({"a.jpg": sound[:2] + profile + sound[2:], "b.jpg": extra, "c.jpg": sound})
    assert note.counts["pictures_with_icc_profile"] == note.counts["pictures_with_warnings"] == 1


@pytest.mark.parametrize("policy", ["reject", "scale", "trust"])
def test_a_picture_of_another_size_than_stated_is_counted_whatever_becomes_of_it(
    normalized: Callable[..., UnitNote], picture: Callable[..., bytes], policy: str
) -> None:
    note = normalized({"a.png": picture(48, 32)}, size_mismatch=policy, declared_size_px=(96, 64))
    assert note.counts["pictures_with_other_size"] == 1
    assert [rejection.cause for rejection in note.rejections] == (["size_mismatch"] if policy == "reject" else [])


@pytest.mark.parametrize("size", [(48, 32), (32, 48), (0, 0)])
def test_a_picture_of_the_stated_size_is_not_counted(
    normalized: Callable[..., UnitNote], picture: Callable[..., bytes], size: tuple[int, int]
) -> None:
    turned = picture(48, 32, format="JPEG", orientation=6)
    assert "pictures_with_other_size" not in normalized({"a.jpg": turned}, declared_size_px=size).counts


def test_captions_of_the_web_are_filtered_before_pictures_are_read(
    normalized: Callable[..., UnitNote], scratch: Folder, picture: Callable[..., bytes]
) -> None:
    captions = [Caption("cup", "laion"), Caption("a red cup", "laion")]
    note = normalized({"a.png": picture()}, source="laion", captions=captions)
    ((record, _),) = read_record_shard(scratch / "out", note.entries[0])
    assert (record.captions, record.dropped) == (captions[1:], {"caption.too_short": 1})
    assert note.counts["dropped_caption.too_short"] == 1


def test_a_picture_of_which_no_caption_is_left_is_rejected_and_its_captions_counted(
    normalized: Callable[..., UnitNote],
) -> None:
    captions = [Caption("cup", "laion"), Caption("IMG_1234", "laion")]
    note = normalized({"a.png": b"no picture, and never looked at"}, source="laion", captions=captions, boxes=[])
    assert [(rejection.cause, rejection.detail) for rejection in note.rejections] == [
        ("no_caption_left", "caption.file_name, caption.too_short: cup")
    ]
    counts = {"dropped_caption.file_name": 1, "dropped_caption.too_short": 1}
    assert note.counts == {"boxes": 0, "pictures": 1, "rejected": 1, **counts}


@pytest.mark.parametrize(
    "odd", [{"declared_size_px": (10**30, 4)}, {"origin": "a lone \ud800"}, {"captions": [Caption("ünlü", "x", 0.1)]}]
)
def test_a_unit_comes_to_a_worker_as_it_was(odd: dict[str, Any]) -> None:
    box = RawBox(Label("coco:18", "dog"), (0.1, math.inf, 2.0, 3.5), is_crowd=True, attributes=["old"])
    record = RawRecord("a", "coco", "train", PictureRef("a.jpg", 5, 7, "00"), [], [box])
    images = [msgspec.structs.replace(record, **odd), LostImage("b", "coco", "train", "unsafe_name", "../b")]
    unit = RecordUnit("train-00000.tar", "train", images)
    assert pickle.loads(pickle.dumps(unit)) == unit
