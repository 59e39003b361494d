"""Visual Genome: the key names of three releases, senses and names, attributes, relations, phrases, entries that are wrong."""

import io
import json
import math
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from mmgic.errors import InputError
from mmgic.schema.records import Label, LostImage, Phrase, PictureRef, RawBox, RawRecord, Relation
from mmgic.shards.folder import Folder
from mmgic.sources import visual_genome

Raw = Callable[..., Sequence[Any]]
Set = Callable[[dict[str, Any]], Folder]


def _image(number: int = 1, **more: Any) -> dict[str, Any]:
    url = f"https://cs.stanford.edu/people/rak248/VG_100K/{number}.jpg"
    return {"image_id": number, "width": 80, "height": 60, "url": url, "coco_id": None, "flickr_id": None, **more}


def _object(number: int, name: str = "tree", *synsets: str, **more: Any) -> dict[str, Any]:
    return {
        "object_id": number,
        "x": 1,
        "y": 2,
        "w": 10,
        "h": 20,
        "names": [name],
        "synsets": list(synsets),
        "merged_object_ids": [],
        **more,
    }


def _set(local_set: Set, *objects: Any, images: Any = None, **parts: Any) -> Folder:
    """One image with these objects; parts are the elements of its entry, or whole files."""
    keys = {"attributes": "attributes", "relationships": "relationships", "region_descriptions": "regions"}
    files = {
        name: [{"image_id": 1, keys[name]: content}] if name in keys and isinstance(content, list) else content
        for name, content in parts.items()
    }
    files = {"image_data": images or [_image()], "objects": [{"image_id": 1, "objects": list(objects)}], **files}
    return local_set({name if "." in name or "/" in name else f"{name}.json": text for name, text in files.items()})


@pytest.fixture
def record(local_set: Set, raw_records: Raw) -> Callable[..., RawRecord]:
    """The only image of a set made of these objects and parts."""

    def made(*objects: Any, **parts: Any) -> RawRecord:
        (found,) = raw_records("visual-genome", _set(local_set, *objects, **parts))
        assert isinstance(found, RawRecord)
        return found

    return made


def test_an_image_with_its_size_address_and_ids(record: Callable[..., RawRecord]) -> None:
    found = record(images=[_image(1, coco_id=547168, flickr_id=8505158818)])
    assert found == RawRecord(
        key="visual-genome-1",
        source="visual-genome",
        split="train",
        picture=PictureRef("visual-genome/images/1.jpg"),
        captions=[],
        boxes=[],
        ids={"visual-genome": "1", "coco": "547168", "flickr": "8505158818"},
        declared_size_px=(80, 60),
        origin="https://cs.stanford.edu/people/rak248/VG_100K/1.jpg",
    )


@pytest.mark.parametrize(
    ("coco_id", "expected"),
    [("000000000012", "12"), ("", ""), (0, ""), ("None", ""), (-1, ""), ("9" * 5000, "9" * 5000)],
)
def test_ids_are_written_as_other_sets_write_them_and_nothing_is_none(
    record: Callable[..., RawRecord], coco_id: Any, expected: str
) -> None:
    """Two pictures without an id would be one picture if both had an empty one."""
    assert record(images=[_image(1, coco_id=coco_id)]).ids.get("coco", "") == expected


def test_boxes_have_a_corner_and_a_size(record: Callable[..., RawRecord]) -> None:
    inside, beyond, flat = _object(1), _object(2, x=-5, y=50, w=200, h=40.5), _object(3, w=0, h=-4)
    boxes = record(inside, beyond, flat).boxes
    assert [box.box_xyxy_px for box in boxes] == [(1, 2, 11, 22), (-5, 50, 195, 90.5), (1, 2, 1, -2)]
    assert {box.fault for box in boxes} == {None}


@pytest.mark.parametrize(
    "native",
    [
        {"object_id": 5, "names": ["tree"], "synsets": ["tree.n.01"], "merged_object_ids": [6], "w": 10, "h": 20},
        {"object_id": 5, "name": "tree", "synsets": ["tree.n.01"], "w": 10, "h": 20},
        {"id": 5, "names": ["tree"], "synsets": [{"synset_name": "tree.n.01"}], "width": 10, "height": 20},
        {"id": 5, "object_names": ["tree"], "synsets": "tree.n.01", "w": 10, "h": 20},
        {"id": 5, "names": "tree", "synsets": ["Synset('tree.n.01')"], "w": 10, "h": 20},
        {"object_id": 5, "names": [" ", "Tree."], "synsets": ["tree.n.01", "tree.n.01"], "w": 10, "h": 20},
    ],
)
def test_objects_of_every_release(record: Callable[..., RawRecord], native: dict[str, Any]) -> None:
    found = record({"x": 1, "y": 2, **native}, attributes=[{"object_id": 5, "attributes": ["tall"]}])
    label = Label("visual-genome:tree.n.01", "tree")
    assert found.boxes == [RawBox(label, (1, 2, 11, 22), attributes=["tall"])]


@pytest.mark.parametrize("key", ["id", "image_id"])
def test_images_of_every_release(local_set: Set, raw_records: Raw, key: str) -> None:
    image = {**_image(), key: 7, "coco_id": "12"}
    if key == "id":
        del image["image_id"]
    region = {"id": 1, "image": 7, "x": 1, "y": 2, "width": 3, "height": 4, "phrase": "a tree"}
    files = {
        "image_data.json": [image],
        "objects.json": [{key: 7, "objects": [_object(1)]}],
        "region_descriptions.json": [{key: 7, "regions": [region]}],
    }
    (found,) = raw_records("visual-genome", local_set(files))
    assert (found.key, len(found.boxes), found.ids) == ("visual-genome-7", 1, {"visual-genome": "7", "coco": "12"})
    assert found.phrases == [Phrase("a tree", (1, 2, 4, 6))]


def test_names_are_clean_and_make_labels_where_there_is_no_synset(record: Callable[..., RawRecord]) -> None:
    labels = [
        box.label for box in record(_object(1, " Lamp\n Post. "), _object(2, "lamp post"), _object(3, "x.y")).boxes
    ]
    assert labels == [Label("visual-genome:name/lamp post", "lamp post")] * 2 + [Label("visual-genome:name/x.y", "x.y")]


def test_a_label_has_one_name_in_an_image_the_one_that_most_objects_bear(record: Callable[..., RawRecord]) -> None:
    names = ["pine tree", "trees", "tree", "trees", "tree"]
    found = record(*(_object(number, name, "tree.n.01") for number, name in enumerate(names)))
    assert {box.label for box in found.boxes} == {Label("visual-genome:tree.n.01", "trees")}


def test_several_synsets_are_those_of_a_sentence_and_give_a_name(record: Callable[..., RawRecord]) -> None:
    (box,) = record(_object(1, "powder on desk", "desk.n.01", "powder.n.01")).boxes
    assert box.label == Label("visual-genome:name/powder on desk", "powder on desk")


def test_what_has_no_name_is_named_by_its_synset_or_unknown(record: Callable[..., RawRecord]) -> None:
    nameless = [
        _object(1, "", "traffic_light.n.01"),
        _object(2, " . "),
        _object(3, "sky", "no synset"),
        _object(4, names=[]),
    ]
    known, unknown, sky, empty = record(*nameless).boxes
    assert known.label == Label("visual-genome:traffic_light.n.01", "traffic light")
    assert sky.label.id == "visual-genome:name/sky"
    assert [box.fault for box in (known, unknown, sky, empty)] == [None, "unknown_label", None, "unknown_label"]


def test_meanings_of_synsets_come_from_their_file(record: Callable[..., RawRecord]) -> None:
    synsets = [{"synset_name": "tree.n.01", "synset_definition": " a tall\nplant"}]
    found = record(_object(1, "tree", "tree.n.01"), _object(2, "sky"), synsets=synsets)
    assert [box.label.description for box in found.boxes] == ["A tall plant.", ""]


def test_attributes_are_clean_and_each_once(record: Callable[..., RawRecord]) -> None:
    attributes = [
        {"object_id": 1, "attributes": ["Tall ", "green", "tall", " "]},
        {"object_id": 1, "names": ["tree"]},
        {"object_id": 1, "attributes": None},
        {"object_id": 8, "attributes": ["old", "green"]},
        {"object_id": 9, "attributes": ["lost", "too"]},
        {"attributes": ["nobody's"]},
    ]
    found = record(_object(1, merged_object_ids=[8]), _object(2), attributes=attributes)
    assert [box.attributes for box in found.boxes] == [["tall", "green", "old"], []]
    assert found.dropped == {"attribute.unknown_object": 3}


def test_relations_hold_between_the_objects_of_the_image(record: Callable[..., RawRecord]) -> None:
    man, hat = _object(1, "man", "man.n.01", merged_object_ids=[11]), _object(2, "hat", x=3)
    other = {"object_id": 99, "name": "Shadow", "x": 5, "y": 5, "w": 5, "h": 5}
    stale = {"object_id": 11, "name": "guy", "x": 0, "y": 0, "w": 9, "h": 9, "synsets": ["guy.n.01"]}
    relationships = [
        {"predicate": "WEARS ", "subject": stale, "object": hat, "relationship_id": 1, "synsets": ["wear.v.01"]},
        {"predicate": "wears", "subject": man, "object": hat},
        {"predicate": "on", "subject": other, "object": hat},
        {"predicate": " ", "subject": man, "object": hat},
        {"predicate": "of", "subject": man, "object": {"name": "no box"}},
        {"predicate": "of", "subject": {"object_id": 98, "x": 1, "y": 1, "w": 1, "h": 1}, "object": hat},
    ]
    found = record(man, hat, relationships=relationships)
    name = "visual-genome:name/"
    assert found.relations == [
        Relation("wears", "visual-genome:man.n.01", (1, 2, 11, 22), f"{name}hat", (3, 2, 13, 22)),
        Relation("on", f"{name}shadow", (5, 5, 10, 10), f"{name}hat", (3, 2, 13, 22)),
    ]
    assert found.dropped == {"relation.repeated": 1, "relation.empty": 1, "relation.unreadable": 2}


def test_a_phrase_is_kept_once_and_with_its_letters(record: Callable[..., RawRecord]) -> None:
    place = {"x": 1, "y": 2, "width": 3, "height": 4}
    texts = ["A  red tree ", "a red TREE", "Sky.", "", "  ", None]
    regions = [{"phrase": text, **place, "x": x} for x, text in enumerate(texts)] + [{"phrase": "no box", "x": 1}]
    found = record(region_descriptions=regions)
    assert found.phrases == [Phrase("A red tree", (0, 2, 3, 6)), Phrase("Sky.", (2, 2, 5, 6))]
    assert found.dropped == {"phrase.repeated": 1, "phrase.empty": 3, "phrase.unreadable": 1}


@pytest.mark.parametrize(
    "wrong",
    [{"x": "1"}, {"x": None}, {"h": []}, {"names": 5}, {"object_id": 2**70}, {"synsets": [7]}, 7, None, "tree", []],
)
def test_a_wrong_object_is_a_faulty_box_and_costs_no_other(record: Callable[..., RawRecord], wrong: Any) -> None:
    native = {**_object(2), **wrong} if isinstance(wrong, dict) else wrong
    boxes = record(_object(1), native, _object(3)).boxes
    assert [box.fault for box in boxes] == [None, "unreadable", None]


def test_a_box_that_is_no_number_goes_on_to_the_rules(record: Callable[..., RawRecord]) -> None:
    text = json.dumps([{"image_id": 1, "objects": [_object(1), _object(2, x=math.nan), _object(3, w=math.inf)]}])
    boxes = record(**{"objects.json": text}).boxes
    assert [box.fault for box in boxes] == [None] * 3
    assert math.isnan(boxes[1].box_xyxy_px[0]) and boxes[2].box_xyxy_px[2] == math.inf


def test_wrong_attributes_relationships_and_regions_are_counted(record: Callable[..., RawRecord]) -> None:
    found = record(
        _object(1),
        attributes=[{"object_id": 1, "attributes": ["tall"]}, {"object_id": 1, "attributes": "green"}, 4],
        relationships=[{"predicate": "on", "subject": _object(1), "object": _object(1)}, {"predicate": "on"}],
        region_descriptions=[{"phrase": "a", "x": 0, "y": 0, "width": 1, "height": 1}, {"phrase": 5}],
    )
    assert (found.boxes[0].attributes, len(found.relations), len(found.phrases)) == (["tall"], 1, 1)
    assert found.dropped == {"attribute.unreadable": 2, "relation.unreadable": 1, "phrase.unreadable": 1}


def test_half_a_surrogate_pair_costs_what_holds_it_alone(
    local_set: Set, raw_records: Raw, record: Callable[..., RawRecord]
) -> None:
    half = "\ud83d"
    phrase = {"x": 0, "y": 0, "width": 1, "height": 1}
    found = record(
        _object(1),
        _object(2, half),
        attributes=[{"object_id": 1, "attributes": ["tall"]}, {"object_id": 1, "attributes": [half]}],
        relationships=[{"predicate": half, "subject": _object(1), "object": _object(1)}],
        region_descriptions=[{"phrase": "a", **phrase}, {"phrase": half, **phrase}],
    )
    assert [(box.label.name, box.fault) for box in found.boxes] == [("tree", None), ("", "unreadable")]
    assert (found.boxes[0].attributes, [phrase.text for phrase in found.phrases]) == (["tall"], ["a"])
    assert found.dropped == {"attribute.unreadable": 1, "relation.unreadable": 1, "phrase.unreadable": 1}
    files = {"image_data.json": [_image(url=half)], "objects.json": [{"image_id": 1, half: 2, "objects": [_object(1)]}]}
    lost = raw_records("visual-genome", local_set(files))
    assert [(each.cause, each.num_boxes) for each in lost] == [("unreadable_entry", 0), ("unreadable_entry", 1)]


def test_files_may_be_in_any_order_and_images_in_many_entries(local_set: Set, raw_records: Raw) -> None:
    objects = [{"image_id": image, "objects": [_object(image, f"n{image}")]} for image in (30, 2, 100, 2)]
    regions = [
        {"id": image, "regions": [{"phrase": f"p{image}", "x": 0, "y": 0, "width": 1, "height": 1}]}
        for image in (100, 30, 2)
    ]
    images = [_image(number) for number in (2, 100, 30, 5)]
    files = {"image_data.json": images, "objects.json": objects, "region_descriptions.json": regions}
    found = raw_records("visual-genome", local_set(files))
    assert [record.key for record in found] == [f"visual-genome-{number}" for number in (2, 5, 30, 100)]
    assert [[box.label.name for box in record.boxes] for record in found] == [["n2", "n2"], [], ["n30"], ["n100"]]
    assert [[phrase.text for phrase in record.phrases] for record in found] == [["p2"], [], ["p30"], ["p100"]]


def test_images_that_are_lost_are_named_with_their_boxes(local_set: Set, raw_records: Raw) -> None:
    images = [_image(1), _image(2, width="80"), {"width": 3}, 5, _image(1)]
    objects = [
        {"image_id": 1, "objects": [_object(1)]},
        {"image_id": 2, "objects": [_object(2), _object(3)]},
        {"image_id": 3, "objects": [_object(4)] * 3},
        {"objects": [_object(5)] * 4},
        {"image_id": "six", "objects": [_object(6)] * 5},
        {"image_id": 1, "objects": {"a": 1}},
        None,
    ]
    phrase = {"phrase": "a", "x": 0, "y": 0, "width": 1, "height": 1}
    files = {
        "image_data.json": images,
        "objects.json": objects,
        "region_descriptions.json": [{"id": 3, "regions": [phrase]}, {"regions": [phrase]}],
        "relationships.json": [{"image_id": 2, "relationships": [{"predicate": "on"}, 4]}],
    }
    first, *lost = raw_records("visual-genome", local_set(files))
    assert len(first.boxes) == 1
    assert [(each.key.removeprefix("visual-genome-"), each.cause, each.num_boxes) for each in lost] == [
        ("1", "duplicate_image", 0),
        ("2", "unreadable_entry", 2),
        ("3", "unlisted_image", 3),
        ("image_data-2", "no_image_id", 0),
        ("image_data-3", "unreadable_entry", 0),
        ("objects-3", "no_image_id", 4),
        ("objects-4", "unreadable_entry", 5),
        ("objects-5", "unreadable_entry", 0),
        ("objects-6", "unreadable_entry", 0),
        ("regions-1", "no_image_id", 0),
    ]
    assert all(isinstance(each, LostImage) for each in lost)
    assert [each.dropped for each in lost if each.dropped] == [
        {"relation.record_rejected": 2},
        {"phrase.record_rejected": 1},
        {"phrase.record_rejected": 1},
    ]
    details = {each.key: each.detail for each in lost}
    assert details["visual-genome-3"] == "3 objects, 1 region_descriptions"
    assert details["visual-genome-2"] == "Expected `int`, got `str` - at `$.width`"
    assert details["visual-genome-objects-6"].startswith("Expected `object`, got `null`, byte ")


@pytest.mark.parametrize(
    ("files", "what", "where"),
    [
        ({"objects.json": []}, "no image_data.json", ""),
        ({"image_data.json": []}, "no objects.json", ""),
        (
            {"image_data.json": [], "objects.json": [], "objects_v1_2.json": []},
            "two files of objects: objects.json, objects_v1_2.json",
            "",
        ),
        ({"image_data.json": {"1": 2}, "objects.json": []}, "the file is no JSON array", "image_data.json, byte 0"),
        (
            {"image_data.json": [_image()], "objects.json": '[{"image_id": 1, "objects": ['},
            "the file ends within the value that starts here",
            "/visual-genome/objects.json, byte 1",
        ),
        (
            {
                "image_data.json": [_image()],
                "objects.json": [],
                "attributes.json": '[{"image_id": 1, "attributes": []}',
            },
            "the file ends early",
            "/visual-genome/attributes.json, byte 34",
        ),
        (
            {"image_data.json": [], "objects.json": [], "synsets.json": "[{}]"},
            "not Visual Genome's synsets: Object missing required field `synset_name` - at `$[0]`",
            "/visual-genome/synsets.json",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    local_set: Set, raw_records: Raw, files: dict[str, Any], what: str, where: str
) -> None:
    with pytest.raises(InputError) as raised:
        raw_records("visual-genome", local_set(files))
    assert raised.value.what == what
    assert raised.value.where.endswith(where)


def test_packed_files_are_to_be_unpacked(local_set: Set) -> None:
    with pytest.raises(InputError, match="no objects.json") as raised:
        list(visual_genome.local_files(local_set({"image_data.json": [], "objects.json.zip": b"PK"})))
    assert raised.value.hint == "unzip objects.json.zip"


def test_a_release_is_told_by_the_name_of_its_file(local_set: Set, raw_records: Raw) -> None:
    files = {"image_data.json": [_image()], "objects_v1_2.json": [{"image_id": 1, "objects": [_object(1)]}]}
    (found,) = raw_records("visual-genome", local_set({**files, "object_synsets.json": {"tree": "tree.n.01"}}))
    assert len(found.boxes) == 1


@pytest.mark.parametrize("place", ["images/1.jpg", "VG_100K/1.jpg", "VG_100K_2/1.jpg", "1.jpg", "images2.zip"])
def test_pictures_are_found_where_downloads_leave_them(
    local_set: Set, raw_records: Raw, picture: Callable[..., bytes], place: str
) -> None:
    data = picture(format="JPEG")
    archive = io.BytesIO()
    if place.endswith(".zip"):
        with zipfile.ZipFile(archive, "w") as bundle:
            bundle.writestr("VG_100K_2/", b"")
            bundle.writestr("VG_100K_2/1.jpg", data)
            bundle.writestr("VG_100K_2/readme.jpg", b"none of ours")
    (found,) = raw_records("visual-genome", _set(local_set, **{place: archive.getvalue() or data}))
    assert found.picture.num_bytes == len(data)


def test_a_limit_takes_the_lowest_ids(
    local_set: Set, fetched: Callable[..., Any], picture: Callable[..., bytes]
) -> None:
    files = {f"VG_100K/{number}.jpg": picture(format="JPEG") for number in (100, 9, 20)}
    origin = _set(local_set, images=[_image(100), _image(9), _image(20)], **files)
    raw = fetched("visual-genome", origin, limit=2)
    found = [(line.path, line.origin[-6:]) for line in raw.lines() if line.shard]
    assert found == [("visual-genome/VG_100K/9.jpg", "/9.jpg"), ("visual-genome/VG_100K/20.jpg", "20.jpg")]
