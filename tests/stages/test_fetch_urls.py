"""fetch over the network: pictures of URL tables, files of the catalog, kills, floors, and failed URLs asked again.

The server is a real one in the test's process. Files of the catalog have public names: the server stands for them as a proxy
whose certificate the stage is told to believe in.
"""

import io
import json
import signal
import ssl
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import msgspec
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from mmgic.errors import UsageError
from mmgic.execution.call import StageCall
from mmgic.params import load_params
from mmgic.schema.manifests import LedgerLine
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines
from mmgic.shards.manifest import read_manifest
from mmgic.sources.catalog import entry_named
from stages import fetch
from tests.unit.download.server import Request, Server, own_certificate

Call = Callable[..., "CompletedProcess[str]"]
MMGIC = [sys.executable, "-c", "from mmgic.cli.main import main; main()"]
PARAMS = Path(__file__).parents[2] / "params.yaml"
NEAR = [
    "--set",
    "fetch.allow_private=true",
    "--set",
    "fetch.download.trust_env=false",
    "--set",
    "fetch.pictures_per_tar=8",
]
ALL = ["--set", "normalize.max_bad_fraction=1", "--params", str(PARAMS)]
QUICK = ["--set", "fetch.download.backoff_s=0.01", "--params", str(PARAMS)]


def _jpeg(number: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (60 + number, 40), (number, 90, 20)).save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture
def server() -> Iterator[Server]:
    """20 pictures: every fourth is gone, number 5 fails at first."""
    with Server() as running:

        async def page(request: Request) -> None:
            number = int(request.path.rpartition("/")[2].partition(".")[0])
            if number % 4 == 0:
                await request.reply(404)
            elif number == 5 and request.number <= 2:
                await request.reply(503)
            else:
                await request.reply(200, _jpeg(number))

        running.otherwise = page
        yield running


@pytest.fixture
def table(server: Server, tmp_path: Path) -> Path:
    """A table as CC3M has them, caption first; its third row has no URL."""
    (tmp_path / "cc3m").mkdir()
    rows = [f"a picture with the number {n}\t" + (server.url(f"/{n}.jpg") if n != 2 else "nowhere") for n in range(20)]
    (tmp_path / "cc3m" / "Train_GCC-training.tsv").write_text("\n".join(rows) + "\n")
    return tmp_path / "cc3m"


def _lines(raw: Path) -> dict[str, LedgerLine]:
    folder = Folder(str(raw))
    return {
        line.path: line
        for entry in read_manifest(folder, "raw").shards
        for line in read_lines(folder, entry, LedgerLine)
    }


def test_a_table_of_urls_goes_all_the_way_to_records(call: Call, server: Server, table: Path, tmp_path: Path) -> None:
    done = call("fetch", "--source", "cc3m", "--in", table, "--out", tmp_path / "raw", *NEAR, *QUICK, "--json")
    assert done.returncode == 0, done.stderr
    assert msgspec.json.decode(done.stdout)["metrics"] == {
        "failed.cc3m.not_found": 5,
        "failed.cc3m.server_error": 1,
        "files.cc3m": 1,
        "pictures.cc3m": 13,
    }
    assert (
        "cc3m: 13 of 19 pictures came; the others:\n  not_found                      5  404 or 410: gone" in done.stderr
    )
    lines = _lines(tmp_path / "raw")
    assert len(lines) == 20 and "cc3m/000000002" not in lines
    assert lines["cc3m/000000005"].cause == "server_error" and lines["cc3m/000000005"].tries == 2
    line = lines["cc3m/000000019"]
    assert (line.shard, line.origin) == ("cc3m/pictures-00002.tar", server.url("/19.jpg"))
    done = call("normalize", "--in", tmp_path / "raw", "--out", tmp_path / "records", *ALL, "--json", "-q")
    assert done.returncode == 0, done.stderr
    metrics = msgspec.json.decode(done.stdout)["metrics"]
    assert (metrics["pictures"], metrics["records"], metrics["captions"]) == (20, 13, 13)
    assert metrics["rejected.not_downloaded"] == 6


def test_failed_urls_are_asked_again(call: Call, server: Server, table: Path, tmp_path: Path) -> None:
    words = ["fetch", "--source", "cc3m", "--out", tmp_path / "raw", *NEAR, *QUICK, "--json"]
    call(*words, "--in", table)
    server.log.clear()
    planned = call(*words, "--retry-failed", "--dry-run")
    assert msgspec.json.decode(planned.stdout)["counts"] == {"urls.cc3m": 1}
    done = call(*words, "--retry-failed")
    assert done.returncode == 0, done.stderr
    assert msgspec.json.decode(done.stdout)["metrics"] == {
        "failed.cc3m.not_found": 5,
        "files.cc3m": 1,
        "pictures.cc3m": 14,
    }
    assert server.asked == {"/5.jpg": 1}
    assert _lines(tmp_path / "raw")["cc3m/000000005"].shard == "cc3m/pictures-retry1-00000.tar"
    again = call(*words, "--retry-failed")
    assert again.returncode == 0 and "5 failed URLs have causes that do not pass by themselves" in again.stderr
    everything = call(*words, "--retry-failed", "all")
    assert everything.returncode == 0 and server.asked.total() == 6
    assert call(*words, "--in", table).stderr.startswith(f"fetch: {tmp_path / 'raw'} stood finished already")
    done = call("normalize", "--in", tmp_path / "raw", "--out", tmp_path / "records", *ALL, "--json", "-q")
    assert msgspec.json.decode(done.stdout)["metrics"]["records"] == 14


def test_asked_to_end_it_goes_on_later_and_gives_the_same(
    call: Call,
    server: Server,
    table: Path,
    tmp_path: Path,
    contents: Callable[[Path], dict[str, str]],
) -> None:
    words = ["--source", "cc3m", "--in", str(table), *NEAR, *QUICK]
    server.serve("/5.jpg", _jpeg(5))
    assert call("fetch", *words, "--out", tmp_path / "unbroken").returncode == 0
    usual = server.otherwise

    async def page(request: Request) -> None:
        if request.path == "/13.jpg":
            process.send_signal(signal.SIGTERM)
            await request.reader.read()
        else:
            await usual(request)

    server.otherwise = page
    process = subprocess.Popen(
        [*MMGIC, "fetch", *words, "--out", str(tmp_path / "raw")],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    output, talk = process.communicate(timeout=60)
    assert (process.returncode, output) == (5, "")
    assert talk.endswith("error: stopped before the end\nhint: the same command goes on where this one stopped\n")
    server.otherwise = usual
    assert call("fetch", *words, "--out", tmp_path / "raw", "--set", "fetch.download.concurrency=3").returncode == 0
    assert contents(tmp_path / "raw") == contents(tmp_path / "unbroken")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cc3m", "raw", "unbroken"]


def test_a_run_stops_when_hardly_anything_comes(call: Call, server: Server, table: Path, tmp_path: Path) -> None:
    async def page(request: Request) -> None:
        await request.reply(429, b"", {"Retry-After": "3600"})

    usual, server.otherwise = server.otherwise, page
    words = ["fetch", "--source", "cc3m", "--in", table, "--out", tmp_path / "raw", *NEAR, *QUICK]
    done = call(*words, "--set", "fetch.download.floor_after=10")
    assert done.returncode == 6
    assert "error: of the last 10 URLs 0 came, less than min_success_fraction 0.25: rate_limited 10\n" in done.stderr
    assert "hint: rate_limited: 429, or a long pause" in done.stderr
    server.otherwise = usual
    assert call(*words).returncode == 0
    assert _lines(tmp_path / "raw")["cc3m/000000001"].state == "ok"


def test_private_addresses_are_not_asked(call: Call, server: Server, table: Path, tmp_path: Path) -> None:
    words = ["fetch", "--source", "cc3m", "--in", table, "--out", tmp_path / "raw", *QUICK]
    done = call(*words, "--set", "fetch.download.trust_env=false", "--json")
    assert msgspec.json.decode(done.stdout)["metrics"] == {"failed.cc3m.private_address": 19, "files.cc3m": 1}
    assert server.log == []


def test_a_plan_and_a_limit(call: Call, server: Server, table: Path, tmp_path: Path) -> None:
    words = ["fetch", "--source", "cc3m", "--in", table, "--out", tmp_path / "raw", *NEAR, *QUICK, "--json"]
    counts = msgspec.json.decode(call(*words, "--dry-run", "--limit", "4").stdout)["counts"]
    assert counts == {"files.cc3m": 1, "pictures.cc3m": 0, "urls.cc3m": 3}
    assert server.log == [] and not (tmp_path / "raw").exists()
    assert msgspec.json.decode(call(*words, "--limit", "4").stdout)["metrics"]["pictures.cc3m"] == 2
    planned = call(
        "fetch", "--source", "coco", "--out", tmp_path / "raw2", *QUICK, "--dry-run", "--json", "--file", "val2017.zip"
    )
    assert msgspec.json.decode(planned.stdout) == {
        "reads": "catalog:coco",
        "writes": str(tmp_path / "raw2"),
        "counts": {"downloads.coco": 1},
        "bytes": 815585330,
    }


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--source", "v3det"], "error: source v3det is given to those who accept its terms\n  at --terms-accepted\n"),
        (["--source", "llava"], "error: source llava cannot be downloaded as it is\n"),
        (["--source", "coco", "--file", "a.zip"], "error: the catalog knows no file `a.zip` of coco\n"),
        (["--file", "a.zip"], "error: --file needs --source\n"),
        (["--source", "cc3m", "--in", "{table}", "--file", "a"], "error: --file names files of the catalog"),
        (
            ["--source", "cc3m", "--in", "{table}", "--retry-failed"],
            "error: --retry-failed asks the URLs of --out again",
        ),
    ],
)
def test_calls_that_make_no_sense(call: Call, table: Path, tmp_path: Path, words: list[str], text: str) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "manifest.json").write_bytes(
        b'{"schema_version":2,"kind":"raw","tool_version":"","params_digest":"","params":{},"inputs":{},"shards":[],"counts":{}}'
    )
    done = call("fetch", *[word.format(table=table) for word in words], "--out", tmp_path / "raw", "--params", PARAMS)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(text)


def test_downloads_to_a_remote_folder_are_refused(table: Path) -> None:
    call = StageCall(
        Folder(str(table)), Folder("memory://raw"), load_params(PARAMS), lambda *_: None, extra={"source": "cc3m"}
    )
    with pytest.raises(UsageError, match="downloads need a local --out"):
        fetch.run(call)


@pytest.fixture
def public(tmp_path: Path) -> Iterator[tuple[Server, dict[str, str]]]:
    """A proxy that answers for huggingface.co and any http host, and the environment that leads to it."""
    context: ssl.SSLContext = own_certificate(tmp_path / "own.pem", ["huggingface.co"])
    with Server() as running:

        @running.page("huggingface.co:443")
        async def tunnel(request: Request) -> None:
            await request.send(b"HTTP/1.1 200 OK\r\n\r\n")
            await request.writer.start_tls(context)

        proxy = f"http://127.0.0.1:{running.port}"
        yield running, {"http_proxy": proxy, "https_proxy": proxy, "SSL_CERT_FILE": str(tmp_path / "own.pem")}


def test_files_of_the_catalog_become_a_set(
    call: Call, public: tuple[Server, dict[str, str]], tmp_path: Path, contents: Callable[[Path], dict[str, str]]
) -> None:
    """V3Det's validation boxes and one archive of its pictures, all made here."""
    server, environment = public
    images = [{"id": n, "file_name": f"images/n01/{n}.jpg", "width": 60 + n, "height": 40} for n in range(4)]
    boxes = [
        {"id": n, "image_id": n, "category_id": 1, "bbox": [5, 5, 30, 30], "area": 900, "iscrowd": 0} for n in range(4)
    ]
    native = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "patch"}]}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for n in range(4):
            archive.writestr(f"V3Det/images/n01/{n}.jpg", _jpeg(n))
    files = {"annotations/v3det_2023_v1_val.json": json.dumps(native).encode(), "zips/00000.zip": packed.getvalue()}
    urls = {file.name: file.urls[0].removeprefix("https://huggingface.co") for file in entry_named("v3det").all_files()}
    for name, data in files.items():
        server.serve(urls[name], data, {"ETag": '"1"'})
    words = ["fetch", "--source", "v3det", "--params", PARAMS, *QUICK, "--json"]
    chosen = [word for name in files for word in ("--file", name)]
    done = call(*words, "--out", tmp_path / "raw", *chosen, "--terms-accepted", environment=environment)
    assert done.returncode == 0, done.stderr
    assert msgspec.json.decode(done.stdout)["metrics"] == {"files.v3det": 1, "pictures.v3det": 4}
    line = _lines(tmp_path / "raw")["v3det/annotations/v3det_2023_v1_val.json"]
    assert line.origin == f"https://huggingface.co{urls['annotations/v3det_2023_v1_val.json']}"
    assert (line.tries, line.status, bool(line.license)) == (1, 200, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.pem", "raw"]
    (tmp_path / ".raw.downloads" / "v3det" / "files").mkdir(parents=True)  # as a kill after the last step leaves them
    again = call(*words, "--out", tmp_path / "raw", *chosen, "--terms-accepted", environment=environment)
    assert (again.returncode, msgspec.json.decode(again.stdout)["was_done"]) == (0, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.pem", "raw"]
    for name, data in files.items():
        (tmp_path / "local" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "local" / name).write_bytes(data)
    assert call(*words, "--in", tmp_path / "local", "--out", tmp_path / "by-hand").returncode == 0
    ours, by_hand = contents(tmp_path / "raw"), contents(tmp_path / "by-hand")
    assert {name for name in ours if ours[name] != by_hand.get(name)} == {"manifest.json", "v3det/ledger.jsonl.zst"}


def test_a_table_of_the_catalog_and_its_pictures(
    call: Call, public: tuple[Server, dict[str, str]], tmp_path: Path
) -> None:
    server, environment = public
    urls = [f"http://pictures.example/{n}.jpg" for n in range(6)]
    stream = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"URL": urls, "TEXT": [f"picture {n}" for n in range(6)]}), stream)
    name = "part-00000.snappy.parquet"
    (file,) = [file for file in entry_named("laion-coco").all_files() if file.name == name]
    server.serve(file.urls[0].removeprefix("https://huggingface.co"), stream.getvalue(), {"ETag": '"1"'})
    for n, url in enumerate(urls):
        server.serve(url, _jpeg(n))
    words = ["fetch", "--source", "laion", "--file", name, "--out", tmp_path / "raw", *QUICK, "--json"]
    done = call(*words, environment=environment)
    assert done.returncode == 0, done.stderr
    assert msgspec.json.decode(done.stdout)["metrics"] == {"files.laion": 1, "pictures.laion": 6}
    assert _lines(tmp_path / "raw")["laion/000000003"].origin == urls[3]


def test_a_file_that_cannot_be_had(call: Call, public: tuple[Server, dict[str, str]], tmp_path: Path) -> None:
    _, environment = public
    words = ["--source", "laion", "--file", "part-00000.snappy.parquet", "--out", tmp_path / "raw", *QUICK]
    done = call("fetch", *words, environment=environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: 1 of 1 files cannot be had: part-00000.snappy.parquet (not_found, HTTP 404)\n" in done.stderr
    assert "hint: not_found: 404 or 410: gone from the web" in done.stderr
    assert not (tmp_path / "raw").exists()
