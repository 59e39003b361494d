"""Names of a picture in other sets, as its URL or its path tells: COCO, Visual Genome, Flickr.

They say which pictures of two sets are one: for `normalize`'s duplicates, and for the pictures of benchmarks.
"""

import re

_PLACES = {
    # Any path, but of URLs those alone that speak of COCO: other sites count with twelve digits too.
    "coco": re.compile(r"^(?:[^:]*/|\w+://[^?]*coco[^?]*/)?(?:COCO_(?:train|val|test)20\d\d_)?(?P<id>\d{12})\.jpg$"),
    "visual-genome": re.compile(r"(?:^|/)VG_100K(?:_2)?/(?P<id>\d{1,12})\.jpg$"),
    "flickr": re.compile(
        r"^https?://(?:[a-z0-9-]+\.)*static\.?flickr\.com/(?:\d+/)*(?P<id>\d{1,19})_[0-9a-f]+(?:_[a-z0-9]+)?\."
    ),
}


def ids_from_place(place: str) -> dict[str, str]:
    """The names by set, numbers without leading zeros: `train2017/000000000009.jpg` is `{"coco": "9"}`."""
    found = {name: pattern.search(place) for name, pattern in _PLACES.items()}
    return {name: str(int(match["id"])) for name, match in found.items() if match}
