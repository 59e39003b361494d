"""Reads a params file into `Params`: ruamel.yaml for the text (it reads `1e-4` as a number, as DVC does), msgspec for types.

A mistake is answered with file, path, rule and the nearest key that exists.
"""

import difflib
import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec
from blake3 import blake3
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from mmgic.errors import ParamsError
from mmgic.schema.params import Params

_FIELD = re.compile(r"(?:unknown|required) field `(?P<field>[^`]*)`")
_PATH = re.compile(r" - at (?P<key>`key` in )?`\$\.?(?P<path>[^`]*)`")
_VALUE = re.compile(r"enum value '(?P<value>[^']*)'")


def load_params(path: Path, overrides: Iterable[str] = ()) -> Params:
    """Reads `path` and applies `section.key=value` overrides (values in YAML).

    Raises:
        ParamsError: file missing, not YAML, or a key or value against the schema.
    """
    try:
        tree = _yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ParamsError(
            f"cannot read the params file: {error.strerror}", where=str(path), hint="--params FILE"
        ) from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise ParamsError(f"not valid YAML: {error}", where=str(path)) from error
    if not isinstance(tree, dict):
        raise ParamsError("expected sections (common, fetch, ...) at the top", where=str(path))
    overrides = list(overrides)
    for override in overrides:
        _set(tree, override)
    try:
        return params_from_tree(tree, str(path))
    except ParamsError as error:
        given = next((o for o in overrides if f"`{o.partition('=')[0]}`" in error.what), None)
        if given is None:
            raise
        raise ParamsError(error.what, where=f"--set {given}", hint=error.hint) from error.__cause__


def params_from_tree(tree: Mapping[str, Any], where: str) -> Params:
    """Checks a decoded params file. `where` names it in errors."""
    try:
        return msgspec.convert(tree, Params)
    except msgspec.ValidationError as error:
        raise _explained(error, where) from error


def section_tree(params: Params, section: str) -> dict[str, Any]:
    """The values that shape what stage `section` writes: its own section and the common ones.

    `max_bad_fraction` and `fetch.download` shape nothing: a stage that stopped for one goes on when it is changed.
    """
    values: dict[str, Any] = msgspec.to_builtins(getattr(params, section))
    for key in ("max_bad_fraction", "download"):
        values.pop(key, None)
    return {"common": msgspec.to_builtins(params.common), section: values}


def tree_digest(tree: Any) -> str:
    """Hex BLAKE3 of a tree of plain values, independent of the order of keys."""
    return blake3(msgspec.json.encode(tree, order="deterministic")).hexdigest()


def _yaml(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(io.StringIO(text))


def _set(tree: dict[str, Any], override: str) -> None:
    dotted, equals, text = override.partition("=")
    if not equals:
        raise ParamsError(f"not section.key=value: {override!r}", where="--set", hint="--set template.recipe=CLDR")
    *parents, key = dotted.split(".")
    node: Any = tree
    for depth, parent in enumerate(parents):
        if not isinstance(node, dict) or parent not in node:
            known = list(node) if isinstance(node, dict) else []
            raise ParamsError(
                f"no section `{'.'.join(parents[: depth + 1])}`", where="--set", hint=_near(parent, known)
            )
        node = node[parent]
    if not isinstance(node, dict) or key not in node:
        known = list(node) if isinstance(node, dict) else []
        raise ParamsError(f"no key `{dotted}`", where="--set", hint=_near(key, known))
    try:
        node[key] = _yaml(text)
    except YAMLError as error:
        raise ParamsError(f"not valid YAML: {text!r}", where=f"--set {dotted}") from error


def _explained(error: msgspec.ValidationError, where: str) -> ParamsError:
    text = str(error)
    field, at = _FIELD.search(text), _PATH.search(text)
    path = at["path"] if at else ""
    rule = _PATH.sub("", text).replace("Object contains unknown", "unknown").replace("Object missing", "missing")
    hint = ""
    if field and "unknown" in text:
        hint = _near(field["field"], _fields_at(path))
    elif "enum" in text:
        choices = _choices(path, is_key=bool(at and at["key"]))
        value = _VALUE.search(text)
        close = difflib.get_close_matches(value["value"], choices, n=1, cutoff=0.5) if value else []
        hint = (f"did you mean `{close[0]}`? " if close else "") + f"one of {', '.join(choices)}"
    if field:
        path = f"{path}.{field['field']}" if path else field["field"]
    return ParamsError(f"`{path}`: {rule}" if path else rule, where=where, hint=hint)


def _fields_at(path: str) -> list[str]:
    node: Any = Params
    for step in filter(None, re.sub(r"\[.*?\]", "", path).split(".")):
        node = next(f.type for f in msgspec.structs.fields(node) if f.name == step)
        node = node if isinstance(node, type) else next(iter(get_args(node)), node)
    return [f.name for f in msgspec.structs.fields(node)]


def _choices(path: str, *, is_key: bool) -> list[str]:
    """The values that what stands at a path may have, or the keys of the table there."""
    kind: Any = Params
    for step in re.findall(r"\[[^\]]*\]|[^.\[]+", path):
        if step.startswith("["):
            kind = get_args(_option(kind, list, dict))[-1]
        else:
            kind = next(f.type for f in msgspec.structs.fields(kind) if f.name == step)
    kind = get_args(_option(kind, dict))[0] if is_key else kind
    while get_origin(kind) is not Literal:
        kind = get_args(kind)[0]
    return [str(value) for value in get_args(kind)]


def _option(kind: Any, *origins: type) -> Any:
    """A type, or the option of a union, that is a list or table."""
    return next(option for option in (kind, *get_args(kind)) if get_origin(option) in origins)


def _near(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"known keys: {', '.join(known)}" if known else "see `mmgic schema params`"
