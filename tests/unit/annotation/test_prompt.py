from pathlib import Path

import pytest

from mmgic.annotation.clues import Clues
from mmgic.annotation.prompt import Example, Prompt, chat, clue_lines, plain, read_prompt
from mmgic.errors import InputError
from mmgic.schema.records import Label
from mmgic.sources.description_checks import check_descriptions
from mmgic.sources.descriptions import shipped_labels

SMALL = Prompt(
    "Describe it.\n", ["One sentence."], [Example(name="cup", source="toy", description="A thing to drink from.")]
)
SEAL = Clues("Seal", "objects365", "seal (animal)", "a sea mammal", ["Seal ring"], ["Boat", "Penguin"])


def test_a_label_without_a_chat_is_asked_for_at_the_end_of_one_text() -> None:
    assert plain(SMALL, SEAL) == (
        "Describe it.\n"
        "- One sentence.\n"
        "\n"
        "Label: cup\n"
        "Set: toy\n"
        "Description: A thing to drink from.\n"
        "\n"
        "Label: Seal\n"
        "Set: objects365\n"
        "Sense: seal (animal)\n"
        "Definition: a sea mammal\n"
        "Similar labels of the set: Seal ring\n"
        "Seen with: Boat; Penguin\n"
        "Description:"
    )


def test_a_chat_has_the_task_in_its_first_turn_and_the_examples_as_turns() -> None:
    assert chat(SMALL, Clues("cat", "coco")) == [
        {"role": "user", "content": "Describe it.\n- One sentence.\n\nLabel: cup\nSet: toy"},
        {"role": "assistant", "content": "A thing to drink from."},
        {"role": "user", "content": "Label: cat\nSet: coco"},
    ]
    (only,) = chat(Prompt("Describe it.", [], []), Clues("cat", "coco"))
    assert only["content"] == "Describe it.\n\nLabel: cat\nSet: coco"


def test_the_examples_that_come_along_keep_the_rules_they_ask_for() -> None:
    prompt = read_prompt()
    assert 6 <= len(prompt.examples) <= 10 and prompt.instruction and len(prompt.rules) >= 4
    labels = [Label(f"{e.source}:{number}", e.name, e.description) for number, e in enumerate(prompt.examples)]
    assert check_descriptions(labels) == []
    names = [example.name.casefold() for example in prompt.examples]
    assert sorted({name for name in names if names.count(name) > 1}) == ["crane", "mouse"]
    for clue in ("sense", "gloss", "alike", "seen_with"):
        assert any(getattr(example, clue) for example in prompt.examples), clue


def test_the_neighbours_of_the_examples_are_labels_of_their_sets() -> None:
    names = {source: {label.name for label in labels} for source, labels in shipped_labels().items()}
    checked = 0
    for example in read_prompt().examples:
        if example.source in names:
            assert {example.name, *example.alike, *example.seen_with} <= names[example.source], example.name
            checked += 1
    assert checked == 7


def test_the_whole_prompt_is_what_it_was() -> None:
    text = plain(read_prompt(), SEAL)
    assert text.startswith(
        "You describe the labels of image data sets. For each label write one sentence that says what"
    )
    assert text.count("\n- ") == 6 and text.count("\n\nLabel: ") == 10 and text.count("Description: ") == 9
    assert text.endswith(clue_lines(SEAL) + "\nDescription:")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "cannot read the prompt: No such file"),
        (b"instruction = ", "cannot read the prompt"),
        (b"\xff", "cannot read the prompt"),
        (b"instruction = 'x'\nrules = []\n", "missing required field `examples`"),
        (b"instruction = 'x'\nrules = []\nexamples = []\nmore = 1", "unknown field `more`"),
        (b"instruction='x'\nrules=[]\n[[examples]]\nname='a'\nsource='b'\n", "missing required field `description`"),
    ],
)
def test_a_prompt_file_that_is_none_is_named(tmp_path: Path, text: bytes | None, what: str) -> None:
    path = tmp_path / "prompt.toml"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(InputError, match=what) as caught:
        read_prompt(path)
    assert caught.value.where == str(path)
