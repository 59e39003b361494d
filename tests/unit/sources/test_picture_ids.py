"""Names of pictures in other sets, by URL or path."""

import pytest

from mmgic.sources.picture_ids import ids_from_place


@pytest.mark.parametrize(
    ("place", "ids"),
    [
        ("http://static.flickr.com/2723/4385058960_b0f291553e.jpg", {"flickr": "4385058960"}),
        ("https://c6.staticflickr.com/9/8500/8295861631_2c202c18c8_z.jpg", {"flickr": "8295861631"}),
        ("https://live.staticflickr.com/65535/51_ab_o.jpg", {"flickr": "51"}),
        ("https://x.org/?u=http://static.flickr.com/1/2_ab.jpg", {}),
        ("https://notstatic.flickr.com.evil.org/1/2_ab.jpg", {}),
        ("000000000009.jpg", {"coco": "9"}),
        ("coco/train2017/000000000009.jpg", {"coco": "9"}),
        ("COCO_val2014_000000000042.jpg", {"coco": "42"}),
        ("http://images.cocodataset.org/val2017/000000000139.jpg", {"coco": "139"}),
        ("http://shop.example.org/000000000009.jpg", {}),
        ("http://shop.example.org/000000000009.jpg?coco/000000000009.jpg", {}),
        ("http://pictures.example.org/v/COCO_train2014_000000000009.jpg", {"coco": "9"}),
        ("http://x.org/?u=COCO_train2014_000000000009.jpg", {}),
        ("00453/004539375.jpg", {}),
        ("vg/VG_100K_2/12.jpg", {"visual-genome": "12"}),
        ("gqa/images/12.jpg", {"visual-genome": "12"}),
        ("gqa/images/n12.jpg", {}),
        ("http://static.flickr.com/1/" + "9" * 5000 + "_ab.jpg", {}),
        ("", {}),
    ],
)
def test_ids(place: str, ids: dict[str, str]) -> None:
    assert ids_from_place(place) == ids
