"""Every line of wrong input, through the command: exit code, what is said, and where it is said."""

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import msgspec
import pytest

Call = Callable[..., "CompletedProcess[str]"]
PARAMS = Path(__file__).parents[2] / "params.yaml"


def _refused(done: "CompletedProcess[str]", code: int, *texts: str) -> None:
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("error: ") and "Traceback" not in done.stderr
    for text in texts:
        assert text in done.stderr


@pytest.fixture
def copy(unbroken: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Copies of folders of the unbroken run, side by side, to be spoilt."""

    def copied(*kinds: str) -> Path:
        for kind in kinds:
            shutil.copytree(unbroken / kind, tmp_path / kind)
        return tmp_path / kinds[-1]

    return copied


@pytest.mark.parametrize(
    ("old", "new", "what", "hint"),
    [
        (
            "  recipe: CLDR",
            "  recipy: CLDR",
            "`template.recipy`: unknown field `recipy`",
            "hint: did you mean `recipe`?",
        ),
        ("  seed: 1\n", "  {}\n", "`common.seed`: missing required field `seed`", ""),
        (
            "max_per_record: 8",
            "max_per_record: many",
            "`normalize.regions.max_per_record`: Expected `int`, got `str`",
            "",
        ),
        (
            "caption_first_fraction: 0.5",
            "caption_first_fraction: 2",
            "`template.caption_first_fraction`: Expected `float` <= 1.0",
            "",
        ),
        ("common:", "common: [", "not valid YAML", ""),
    ],
)
def test_wrong_params_name_file_path_rule_and_nearest_key(
    call: Call, tmp_path: Path, old: str, new: str, what: str, hint: str
) -> None:
    text = PARAMS.read_text()
    assert text.count(old) == 1
    (tmp_path / "mine.yaml").write_text(text.replace(old, new))
    done = call("template", "--in", tmp_path / "x", "--out", tmp_path / "y", "--params", tmp_path / "mine.yaml")
    _refused(done, 4, what, f"  at {tmp_path}/mine.yaml\n", hint)


def test_params_that_are_not_there_and_overrides_that_are_none(call: Call, tmp_path: Path) -> None:
    done = call("template", "--in", "x", "--out", "y", cwd=tmp_path)
    _refused(
        done,
        4,
        "cannot read the params file: No such file or directory",
        "  at params.yaml\n",
        "hint: --params FILE",
    )
    done = call("template", "--in", "x", "--out", "y", "--params", PARAMS, "--set", "template.recipie=C")
    _refused(done, 4, "no key `template.recipie`", "  at --set\n", "hint: did you mean `recipe`?")


@pytest.mark.parametrize("name", ["normalize", "template", "tokenize"])
def test_a_missing_a_foreign_and_an_unfinished_input(call: Call, unbroken: Path, tmp_path: Path, name: str) -> None:
    out = ("--out", tmp_path / "out", "--params", PARAMS)
    _refused(
        call(name, "--in", tmp_path / "gone", *out),
        3,
        "no such folder",
        f"  at {tmp_path}/gone\n",
        "hint: `mmgic ",
    )
    _refused(
        call(name, "--in", unbroken / "sequences", *out),
        3,
        "a folder of sequences where one of ",
        f"{unbroken}/sequences",
    )
    (tmp_path / "photos").mkdir()
    _refused(
        call(name, "--in", tmp_path / "photos", *out),
        3,
        "not a finished folder of ",
        "it has no manifest.json",
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos"]


@pytest.mark.parametrize(
    ("name", "kinds"),
    [("normalize", ["raw"]), ("template", ["records"]), ("tokenize", ["records", "documents"])],
)
def test_a_manifest_of_another_schema_version_names_both(
    call: Call, copy: Callable[..., Path], tmp_path: Path, name: str, kinds: list[str]
) -> None:
    folder = copy(*kinds)
    tree = msgspec.json.decode((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_bytes(msgspec.json.encode({**tree, "schema_version": 7}))
    done = call(name, "--in", folder, "--out", tmp_path / "out", "--params", PARAMS)
    _refused(done, 3, "manifest of schema version 7, this tool reads 2", f"  at {folder}/manifest.json")


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("name", "kinds", "shard"),
    [
        ("normalize", ["raw"], "scenes/ledger.jsonl.zst"),
        ("normalize", ["raw"], "scenes/val-00000.jsonl.zst"),
        ("template", ["records"], "train-00003.tar"),
        ("tokenize", ["records", "documents"], "train-00003.jsonl.zst"),
        ("tokenize", ["documents", "records"], "train-00003.tar"),
    ],
)
def test_a_shard_that_changed_names_both_hashes(
    call: Call,
    copy: Callable[..., Path],
    tmp_path: Path,
    name: str,
    kinds: list[str],
    shard: str,
    workers: int,
) -> None:
    path = copy(*kinds) / shard
    data = path.read_bytes()
    place = max(0, len(data) - 600) or len(data) // 2
    path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    source = tmp_path / {"normalize": "raw", "template": "records", "tokenize": "documents"}[name]
    words = [
        "--set",
        "tokenize.visual.num_codes=32",
        "--set",
        "normalize.records_per_shard=8",
        "--workers",
        str(workers),
    ]
    done = call(name, "--in", source, "--out", tmp_path / "out", "--params", PARAMS, *words)
    assert done.returncode == 3, done.stderr
    assert "shard differs from its manifest: BLAKE3 " in done.stderr and "Traceback" not in done.stderr
    if name != "normalize":
        manifest = msgspec.json.decode((path.parent / "manifest.json").read_bytes())
        (expected,) = (entry["blake3"] for entry in manifest["shards"] if entry["name"] == shard)
        assert f"{expected} expected" in done.stderr
    assert f"  at {path}\n" in done.stderr
    assert not (tmp_path / "out").exists()


def test_documents_of_other_records_name_both_digests(call: Call, copy: Callable[..., Path], tmp_path: Path) -> None:
    documents = copy("records", "documents")
    manifest = tmp_path / "records" / "manifest.json"
    tree = msgspec.json.decode(manifest.read_bytes())
    manifest.write_bytes(msgspec.json.encode({**tree, "counts": {}}))
    done = call("tokenize", "--in", documents, "--out", tmp_path / "out", "--params", PARAMS)
    _refused(done, 3, f"{tmp_path}/records has digest ", f"but {documents} was made from ", "hint: make ")


@pytest.mark.parametrize("name", ["fetch", "normalize", "template", "tokenize"])
@pytest.mark.parametrize("fresh", [False, True])
def test_an_output_that_is_not_ours_is_refused_and_untouched(
    call: Call, unbroken: Path, tmp_path: Path, name: str, fresh: bool
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "diary.txt").write_text("mine")
    source = {"normalize": "raw", "template": "records", "tokenize": "documents"}.get(name)
    given = ["--in", unbroken / source] if source else []
    done = call(name, *given, "--out", tmp_path / "out", "--params", PARAMS, *(["--fresh"] if fresh else []))
    _refused(
        done,
        2,
        "output folder is not empty and not ours",
        f"  at {tmp_path}/out\n",
        "hint: give another --out",
    )
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "diary.txt"]


def test_an_output_of_another_run_needs_fresh(call: Call, unbroken: Path, tmp_path: Path) -> None:
    words = ["template", "--in", unbroken / "records", "--out", tmp_path / "out", "--params", PARAMS, "-q"]
    assert call(*words).returncode == 0
    before = (tmp_path / "out" / "manifest.json").read_bytes()
    done = call(*words, "--set", "template.recipe=C")
    _refused(done, 2, "output folder holds another run: params ", "--fresh to replace it")
    assert (tmp_path / "out" / "manifest.json").read_bytes() == before
    assert call(*words, "--set", "template.recipe=C", "--fresh").returncode == 0
    assert (tmp_path / "out" / "manifest.json").read_bytes() != before


def test_wrong_commands_and_options(call: Call) -> None:
    done = call("tokenise")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such command 'tokenise'. Did you mean 'tokenize'?" in done.stderr
    done = call("template", "--in", "x")
    assert done.returncode == 2 and "Missing option '--out'" in done.stderr
    done = call("template", "--in", "x", "--out", "nowhere://y")
    assert done.returncode == 2 and "nowhere" in done.stderr and "Traceback" not in done.stderr


def test_a_place_that_cannot_be_written_is_told_in_a_line(call: Call, unbroken: Path) -> None:
    done = call("template", "--in", unbroken / "records", "--out", "/proc/here/out", "--params", PARAMS)
    _refused(done, 1, "error: No such file or directory\n", "  at /proc/here")
