"""Where each source comes from: a folder, the catalog, or nowhere."""

from pathlib import Path

import pytest

from mmgic.errors import InputError, UsageError
from mmgic.schema.params import Params
from mmgic.shards.folder import Folder
from mmgic.sources.origins import Origin, origin_refs, origins_of


def _origins(
    params: Params, name: str | None = None, folder: Folder | None = None, *files: str, accepted: bool = False
):  # type: ignore[no-untyped-def]
    return origins_of(params.fetch, name, folder, files, has_accepted=accepted)


def test_without_a_name_those_of_the_params(params: Params) -> None:
    found = _origins(params)
    assert list(found) == ["photos", "scenes"]
    assert all(origin.folder is None and origin.entry is None for origin in found.values())
    assert origin_refs(found) == {}


def test_a_folder_goes_before_the_catalog(params: Params, tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("a\thttp://h/a\n")
    origin = _origins(params, "cc3m", Folder(str(tmp_path)))["cc3m"]
    assert (origin.folder.path, origin.entry, list(origin.files)) == (str(tmp_path), None, [])
    refs = origin_refs({"cc3m": origin})
    (tmp_path / "t.tsv").write_text("a\thttp://h/b\n")
    changed = origin_refs({"cc3m": origin})
    assert refs["origin.cc3m"].path == str(tmp_path)
    assert refs["origin.cc3m"].digest != changed["origin.cc3m"].digest


def test_the_catalogs_files_but_for_the_optional_ones(params: Params) -> None:
    origin = _origins(params, "cc12m")["cc12m"]
    assert origin.entry is not None and [file.name for file in origin.files] == ["cc12m.tsv"]
    named = _origins(params, "cc12m", None, "hashes.tsv.gz")["cc12m"]
    assert [file.name for file in named.files] == ["hashes.tsv.gz"]
    refs = origin_refs({"a": origin, "b": named})
    assert refs["origin.a"].path == "catalog:cc12m" and refs["origin.a"].digest != refs["origin.b"].digest


def test_a_reader_of_another_name(params: Params) -> None:
    entry = _origins(params, "laion")["laion"].entry
    assert entry is not None and entry.name == "laion-coco"


def test_terms_are_accepted_first(params: Params) -> None:
    with pytest.raises(UsageError, match="given to those who accept its terms") as caught:
        _origins(params, "objects365")
    assert "objects365.org" in caught.value.hint
    files = _origins(params, "objects365", accepted=True)["objects365"].files
    assert len(files) > 90


@pytest.mark.parametrize(
    ("name", "files", "text"),
    [
        ("nothing", (), "no source `nothing`"),
        ("llava", (), "source llava cannot be downloaded as it is"),
        ("webdataset", (), "source webdataset is taken from a local folder"),
        ("coco", ("a.zip",), "the catalog knows no file `a.zip` of coco"),
        (None, ("a.zip",), "--file needs --source"),
    ],
)
def test_calls_that_make_no_sense(params: Params, name: str | None, files: tuple[str, ...], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        _origins(params, name, None, *files)


def test_folders_that_make_no_sense(params: Params, tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    for name, files, text in (
        (None, (), "--in needs --source"),
        ("scenes", (), "source scenes makes its own files"),
        ("coco", ("a.zip",), "--file names files of the catalog"),
    ):
        with pytest.raises(UsageError, match=text):
            _origins(params, name, folder, *files)
    with pytest.raises(InputError, match="no such folder"):
        _origins(params, "coco", Folder(str(tmp_path / "gone")))
    assert isinstance(_origins(params, "coco", folder)["coco"], Origin)
