"""Names of a picture in other sets, as its URL or its path tells: COCO, Visual Genome, Flickr.

They say which pictures of two sets are one: for `normalize`'s duplicates, and for the pictures of benchmarks.
"""

import re

_PLACES = (
    # Names that COCO alone gives count anywhere; twelve digits on any path, but of URLs in those alone that speak of COCO.
    ("coco", re.compile(r"(?:^|/)COCO_(?:train|val|test)20\d\d_(?P<id>\d{12})\.jpg$")),
    ("coco", re.compile(r"^(?:[^:]*/|\w+://(?=[^?]*coco)[^?]*/)?(?P<id>\d{12})\.jpg$")),
    # GQA's pictures are called as Visual Genome calls them, but for some that it does not have (`n161313.jpg`).
    ("visual-genome", re.compile(r"(?:^|/)(?:VG_100K(?:_2)?|gqa/images)/(?P<id>\d{1,12})\.jpg$")),
    (
        "flickr",
        re.compile(
            r"^https?://(?:[a-z0-9-]+\.)*static\.?flickr\.com/(?:\d+/)*(?P<id>\d{1,19})_[0-9a-f]+(?:_[a-z0-9]+)?\."
        ),
    ),
)


def ids_from_place(place: str) -> dict[str, str]:
    """The names by set, numbers without leading zeros: `train2017/000000000009.jpg` is `{"coco": "9"}`."""
    found = ((name, pattern.search(place)) for name, pattern in _PLACES)
    return {name: str(int(match["id"])) for name, match in found if match}
