"""`mmgic schema`: JSON Schema of what users write and read."""

import click
import msgspec

from mmgic.schema.documents import Document
from mmgic.schema.manifests import Manifest
from mmgic.schema.params import Params
from mmgic.schema.records import Record

_TYPES = {"params": Params, "record": Record, "document": Document, "manifest": Manifest}


@click.command("schema", short_help="Print the JSON Schema of params, record, document or manifest.")
@click.argument("what", type=click.Choice(list(_TYPES)))
def schema(what: str) -> None:
    """Print a JSON Schema, for editors and other tools.

    Example: mmgic schema params > params.schema.json
    """
    click.echo(msgspec.json.format(msgspec.json.encode(msgspec.json.schema(_TYPES[what])), indent=1).decode())
