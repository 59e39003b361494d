"""The prompt that asks a language model for a label's description: task, rules, examples, and the label's clues."""

from importlib.resources import files
from pathlib import Path

import msgspec

from mmgic.annotation.clues import Clues
from mmgic.errors import InputError

_SHIPPED = "data/describe-prompt.toml"


class Example(Clues, frozen=True, kw_only=True):
    """A label that a person described."""

    description: str


class Prompt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stays the same of all prompts."""

    instruction: str
    rules: list[str]
    examples: list[Example]


def read_prompt(path: Path | None = None) -> Prompt:
    """The prompt of a TOML file; the one that comes along where none is given.

    Raises:
        InputError: it cannot be read as one.
    """
    source = path or files("mmgic.annotation").joinpath(_SHIPPED)
    try:
        return msgspec.toml.decode(source.read_bytes(), type=Prompt)
    except OSError as error:
        raise InputError(f"cannot read the prompt: {error.strerror}", where=str(path)) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        hint = "mmgic/annotation/data/describe-prompt.toml shows the form"
        raise InputError(f"cannot read the prompt: {error}", where=str(path or _SHIPPED), hint=hint) from error


def chat(prompt: Prompt, clues: Clues) -> list[dict[str, str]]:
    """Turns of a chat: each example is a question and its answer. The task opens the first, since not all templates have a
    place for it."""
    turns = []
    for example in prompt.examples:
        turns += [("user", clue_lines(example)), ("assistant", example.description)]
    turns.append(("user", clue_lines(clues)))
    turns[0] = ("user", f"{_task(prompt)}\n\n{turns[0][1]}")
    return [{"role": role, "content": text} for role, text in turns]


def plain(prompt: Prompt, clues: Clues) -> str:
    """One text that ends where the description is to begin, for models without a chat template."""
    shown = [f"{clue_lines(example)}\nDescription: {example.description}" for example in prompt.examples]
    return "\n\n".join([_task(prompt), *shown, f"{clue_lines(clues)}\nDescription:"])


def clue_lines(clues: Clues) -> str:
    """What is known of a label, a line each."""
    lines = {
        "Label": clues.name,
        "Set": clues.source,
        "Sense": clues.sense,
        "Definition": clues.gloss,
        "Similar labels of the set": "; ".join(clues.alike),
        "Seen with": "; ".join(clues.seen_with),
    }
    return "\n".join(f"{name}: {value}" for name, value in lines.items() if value)


def _task(prompt: Prompt) -> str:
    return "\n".join([prompt.instruction.strip(), *(f"- {rule}" for rule in prompt.rules)])
