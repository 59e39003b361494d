"""Manifests: what today's version decodes, word for word, so that a change of the format shows here."""

import msgspec
import pytest

from mmgic.schema.manifests import SCHEMA_VERSION, LedgerLine, Manifest, Rejection

_STORED = b"""{"schema_version": 2, "kind": "records", "tool_version": "0.1.0", "params_digest": "d",
"params": {"common": {"seed": 1}},
"inputs": {"raw": {"path": "../raw", "digest": "e"}}, "shards": [{"name": "train-00000.tar", "split": "train", "count": 2,
"num_bytes": 9, "blake3": "f"}], "counts": {"records": 2}, "facts": {"x": [1]}}"""


def test_version_1_decodes() -> None:
    manifest = msgspec.json.decode(_STORED, type=Manifest)
    assert SCHEMA_VERSION == 2
    assert (manifest.inputs["raw"].path, manifest.shards[0].count, manifest.facts) == (
        "../raw",
        2,
        {"x": [1]},
    )


def test_another_kind_and_unknown_fields_are_refused() -> None:
    for old, new in ((b'"records"', b'"photos"'), (b'"facts"', b'"fax"')):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(_STORED.replace(old, new, 1), type=Manifest)


def test_optional_fields_of_lines() -> None:
    assert msgspec.json.decode(b'{"key":"k","cause":"c"}', type=Rejection).detail == ""
    assert msgspec.json.decode(b'{"path":"p","num_bytes":1,"blake3":"b"}', type=LedgerLine).license == ""
