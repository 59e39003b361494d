"""What a folder of shards says of itself: `manifest.json`, written last."""

from typing import Any, Literal

import msgspec

SCHEMA_VERSION = 2

FolderKind = Literal["raw", "exclusions", "records", "documents", "sequences", "model", "results"]


class ShardEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the folder: `count` records, documents or rows; `blake3` is the hex digest of its bytes."""

    name: str
    split: str
    count: int
    num_bytes: int
    blake3: str


class InputRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A folder that this one was made from: its path as seen from this folder (its URL, or the path that was
    given to `fetch`) and its digest."""

    path: str
    digest: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A folder's description. `digest` of a manifest covers all of it but the paths of its inputs.

    `params` are the values that shaped the content, `counts` the whole folder's figures, `facts` what readers need to know
    (the width of ids, a codebook's digest).
    """

    schema_version: int
    kind: FolderKind
    tool_version: str
    params_digest: str
    params: dict[str, Any]
    inputs: dict[str, InputRef]
    shards: list[ShardEntry]
    counts: dict[str, int]
    facts: dict[str, Any] = {}


class Rejection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record that was skipped: a line of `rejected.jsonl`."""

    key: str
    cause: str
    detail: str = ""


class LedgerLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file, a picture or a URL that `fetch` took, made or asked for: a line of `<source>/ledger.jsonl.zst`.

    `path` is where it lies below the raw folder, or would lie: a picture stands in the tar `shard`, its bytes from `offset` on.
    `origin` is the URL or the path that it came from. What failed has a `cause`, and the HTTP `status` where a server answered.
    """

    path: str
    num_bytes: int = 0
    blake3: str = ""
    license: str = ""
    origin: str = ""
    shard: str = ""
    offset: int = 0
    state: Literal["ok", "failed"] = "ok"
    cause: str = ""
    tries: int = 0
    status: int = 0


class UrlRow(msgspec.Struct, frozen=True):
    """A picture that a table names by URL. `number` counts the rows of the source's tables from 0, also those without a URL.

    Its ledger line has the path `<source>/<number>`, the number with nine digits.
    """

    number: int
    url: str
    license: str = ""
