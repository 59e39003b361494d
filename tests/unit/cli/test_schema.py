import msgspec
import pytest
from click.testing import CliRunner

from mmgic.cli.schema import schema


@pytest.mark.parametrize(
    ("what", "title"), [("params", "Params"), ("record", "Record"), ("document", "Document"), ("manifest", "Manifest")]
)
def test_a_schema_names_its_type(what: str, title: str) -> None:
    result = CliRunner().invoke(schema, [what])
    assert result.exit_code == 0
    tree = msgspec.json.decode(result.stdout)
    assert tree["$ref"] == f"#/$defs/{title}"
    assert tree["$defs"][title]["additionalProperties"] is False
