"""Tables of URLs: which rows are asked for, and what becomes of them once pictures came or did not."""

import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from mmgic.errors import InputError
from mmgic.schema.manifests import UrlRow
from mmgic.schema.params import Params
from mmgic.schema.records import LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources import SOURCES, source_named
from mmgic.sources.raw import RawFolder

Fetched = Callable[..., RawFolder]

A, B, C = "http://a.org/1.jpg", "http://static.flickr.com/1/77_ab.jpg", "https://c.org/3.jpg"
TRAIN = f"one\t{A}\nno url\tx\nragged\ntwo\t{B}\nthree\t{C}\n"


@pytest.fixture
def origin(tmp_path: Path) -> Folder:
    made = Folder(str(tmp_path / "cc3m"))
    made.write("Train_GCC.tsv", TRAIN.encode())
    made.write("Validation_GCC.tsv", f"four\t{A}\n".encode())
    made.write("readme.txt", b"")
    return made


def test_rows_with_a_url_are_asked_for(origin: Folder) -> None:
    source = source_named("cc3m")
    assert list(source.local_files(origin)) == ["Train_GCC.tsv", "Validation_GCC.tsv"]
    assert list(source.local_pictures(origin, None)) == []
    found = list(source.url_rows(origin, {}, None))
    assert found == [UrlRow(0, A), UrlRow(3, B), UrlRow(4, C), UrlRow(5, A)]
    assert [row.number for row in source.url_rows(origin, {}, 4)] == [0, 3, 5]


def test_sources_tell_whether_pictures_come_by_url() -> None:
    assert {name for name, source in SOURCES.items() if source.has_urls} == {"cc3m", "cc12m", "sbu", "laion"}


def test_rows_and_pictures_meet_by_number(
    origin: Folder, fetched: Fetched, downloaded: Callable[..., RawFolder], picture: Callable[..., bytes]
) -> None:
    raw = downloaded(fetched("cc3m", origin), {0: picture(), 3: "http_404", 5: picture(9, 9)})
    one, no_url, ragged, two, three, four = source_named("cc3m").raw_records(raw)
    assert isinstance(one, RawRecord) and isinstance(four, RawRecord)
    assert (one.key, one.split, one.origin, one.captions[0].text, one.captions[0].origin) == (
        "cc3m-000000000",
        "train",
        A,
        "one",
        "cc3m",
    )
    assert one.ids == {"cc3m": f"0_{zlib.crc32(A.encode())}"} and one.picture.blake3
    assert (four.split, four.ids["cc3m"]) == ("val", f"0_{zlib.crc32(A.encode())}")
    lost = [no_url, ragged, two, three]
    assert all(isinstance(image, LostImage) for image in lost)
    assert [(image.cause, image.detail) for image in lost if isinstance(image, LostImage)] == [
        ("bad_url", "Train_GCC.tsv, line 2: 'x'"),
        ("ragged_row", "Train_GCC.tsv, line 3: 1 cells, the first row has 2"),
        ("not_downloaded", f"http_404: {B}"),
        ("not_downloaded", f"not in the ledger: {C}"),
    ]
    one_caption = {"caption.record_rejected": 1}
    assert [image.dropped for image in lost] == [one_caption, {}, one_caption, one_caption]


def test_ids_tell_of_flickr_and_of_the_table(
    tmp_path: Path, fetched: Fetched, downloaded: Callable[..., RawFolder], picture: Callable[..., bytes]
) -> None:
    origin = Folder(str(tmp_path / "set"))
    origin.write("a.csv", f"sample_id,url,text,width,height,license\n9,{B},two words,48,32,CC0\n".encode())
    raw = downloaded(fetched("laion", origin), {0: picture()})
    (record,) = source_named("laion").raw_records(raw)
    assert isinstance(record, RawRecord)
    assert (record.ids, record.declared_size_px, record.license) == ({"flickr": "77", "laion": "9"}, (48, 32), "CC0")


def test_columns_of_the_params_hold_for_both_stages(
    tmp_path: Path,
    params: Params,
    fetched: Fetched,
    downloaded: Callable[..., RawFolder],
    picture: Callable[..., bytes],
) -> None:
    origin = Folder(str(tmp_path / "set"))
    origin.write("a.csv", f"link,alt\n{A},one\n".encode())
    with pytest.raises(InputError, match="no column is known to hold URLs or files"):
        list(source_named("sbu").url_rows(origin, {}, None))
    columns = {"url": "link", "caption": "alt"}
    fetch = msgspec.structs.replace(params.fetch, columns={"sbu": columns})
    raw = fetched("sbu", origin, params=msgspec.structs.replace(params, fetch=fetch))
    assert list(source_named("sbu").url_rows(origin, columns, None)) == [UrlRow(0, A)]  # type: ignore[arg-type]
    (record,) = source_named("sbu").raw_records(downloaded(raw, {0: picture()}))
    assert isinstance(record, RawRecord) and record.captions[0].text == "one"


def test_a_table_that_changed_after_it_was_fetched_is_named(origin: Folder, fetched: Fetched) -> None:
    raw = fetched("cc3m", origin)
    raw.folder.write("cc3m/Validation_GCC.tsv", f"five\t{A}\n".encode())
    with pytest.raises(InputError, match="differs from its manifest"):
        list(source_named("cc3m").raw_records(raw))
