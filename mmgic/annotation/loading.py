"""Models and processors from local folders, with errors that say what the folder lacks.

Image processors are those that work with Pillow: their pixels are the same whether torchvision is installed or not.
"""

import multiprocessing
import re
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
from transformers import AutoConfig, AutoProcessor, AutoTokenizer
from transformers.utils.logging import disable_progress_bar, set_verbosity_error

from mmgic.annotation.settings import Precision
from mmgic.errors import InputError, MmgicError, UsageError

T = TypeVar("T")

DTYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}

SMALLER_BATCH = "give a smaller --batch-size; the same command goes on where this one stopped"

_ONLY_LOCAL = {"local_files_only": True, "trust_remote_code": False}


def device_of(name: str) -> torch.device:
    """The device of that name; `auto` is a GPU where there is one. Worker processes share out the GPUs of `auto` and `cuda`.

    Raises:
        UsageError: no such device.
    """
    has_gpu = torch.cuda.is_available()
    if name == "auto":
        name = "cuda" if has_gpu else "cpu"
    if name == "cuda" and has_gpu:
        name = gpu_of_worker(multiprocessing.current_process().name, torch.cuda.device_count())
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"no device `{name}`", where="--device", hint="auto, cpu, cuda or cuda:1") from error
    if device.type == "cuda" and not (has_gpu and (device.index or 0) < torch.cuda.device_count()):
        raise UsageError(
            f"no device `{name}`: torch sees {torch.cuda.device_count()} GPUs", where="--device", hint="--device cpu"
        )
    return device


def gpu_of_worker(process: str, num_gpus: int) -> str:
    """The GPU of a worker process, by the number at the end of its name (`SpawnProcess-3`); the first of any other."""
    number = re.search(r"-(\d+)$", process)
    return f"cuda:{(int(number[1]) - 1) % num_gpus if number else 0}"


def load_network(
    auto_class: Any, folder: Path, what: str, precision: Precision, device: torch.device, kinds: Container[Any] | None
) -> Any:
    """The model of a folder, in evaluation mode on the device.

    Args:
        auto_class: the class of transformers that builds it.
        kinds: classes of configs that it may have; any where None.

    Raises:
        InputError: the model is of another kind, a file is missing or damaged, or the weights are not all there.
        MmgicError: it does not fit the memory.
    """
    disable_progress_bar()  # type: ignore[no-untyped-call]
    set_verbosity_error()  # type: ignore[no-untyped-call]
    config = _read(lambda: AutoConfig.from_pretrained(folder, **_ONLY_LOCAL), folder, f"the {what}'s config")
    if kinds is not None and type(config) not in kinds:
        raise InputError(
            f"a model of type `{config.model_type}` cannot be the {what}",
            where=str(folder),
            hint=f"transformers' {auto_class.__name__} must know it",
        )
    with memory_told(f"loading the {what}", "--precision bf16 halves it; or a smaller model"):
        network, report = _read(
            lambda: auto_class.from_pretrained(
                folder, dtype=DTYPES[precision], output_loading_info=True, **_ONLY_LOCAL
            ),
            folder,
            f"the {what}'s weights",
        )
        if report["missing_keys"]:
            names = sorted(report["missing_keys"])
            raise InputError(
                f"the {what}'s weights lack {len(names)} parts of a {type(network).__name__}, {names[0]} first",
                where=str(folder),
                hint="were they saved from a model of another class?",
            )
        return network.to(device).eval()


def load_processor(folder: Path, what: str) -> Any:
    """The processor of a folder, with an image processor and a tokenizer.

    Raises:
        InputError: either is missing or damaged.
    """
    hint = "save the processor into the folder: AutoProcessor.from_pretrained(...).save_pretrained(DIR)"
    processor = _read(
        lambda: AutoProcessor.from_pretrained(folder, backend="pil", **_ONLY_LOCAL),  # type: ignore[no-untyped-call]
        folder,
        f"the {what}'s processor",
        hint,
    )
    for part in ("image_processor", "tokenizer"):
        if not hasattr(processor, part):
            raise InputError(f"the {what}'s processor has no {part}", where=str(folder), hint=hint)
    check_tokenizer(processor.tokenizer, folder, what, hint)
    return processor


def load_tokenizer(folder: Path, what: str) -> Any:
    """The tokenizer of a folder, padding on the left, since text is to follow.

    Raises:
        InputError: it is missing or damaged, or has nothing to pad with.
    """
    hint = "save the tokenizer into the folder: AutoTokenizer.from_pretrained(...).save_pretrained(DIR)"
    tokenizer = _read(
        lambda: AutoTokenizer.from_pretrained(folder, padding_side="left", **_ONLY_LOCAL),
        folder,
        f"the {what}'s tokenizer",
        hint,
    )
    check_tokenizer(tokenizer, folder, what, hint)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if tokenizer.pad_token is None:
        raise InputError(f"the {what}'s tokenizer has neither a pad nor an end token", where=str(folder))
    return tokenizer


def check_tokenizer(tokenizer: Any, folder: Path, what: str, hint: str) -> None:
    """Refuses the empty tokenizer that transformers makes where a folder holds the files of none.

    Raises:
        InputError: it has no file.
    """
    if not any((folder / name).is_file() for name in ("tokenizer.json", *tokenizer.vocab_files_names.values())):
        raise InputError(f"the {what}'s folder has no tokenizer", where=str(folder), hint=hint)


def square_side_px(processor: Any, folder: Path, given: int | None) -> int:
    """Side of the squares that an image processor wants, before it cuts their middle out; else the one that was given.

    Raises:
        InputError: it states none, and none was given.
    """
    size = getattr(processor.image_processor, "size", None) or {}
    # Processors of pictures in any size state limits here: `longest_edge`, or numbers of pixels.
    if size.get("height") and size.get("width"):
        return int(max(size["height"], size["width"]))
    if size.get("shortest_edge") and not size.get("longest_edge"):
        return int(size["shortest_edge"])
    if given is None:
        raise InputError("the processor states no fixed size of pictures", where=str(folder), hint="--side PX")
    return given


@contextmanager
def memory_told(doing: str, hint: str) -> Iterator[None]:
    """Tells of memory that is used up, of a GPU or of the machine, as an error of ours."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not _is_of_memory(error):
            raise
        raise MmgicError(f"out of memory while {doing}", hint=hint) from error


@contextmanager
def misfit_told(what: str, folder: str) -> Iterator[None]:
    """Tells of input that a model cannot take, as pictures of another size or tokens that it lacks, as an error of ours."""
    try:
        yield
    except MmgicError:
        raise
    except Exception as error:  # networks and processors of others, which declare no errors
        if _is_of_memory(error):
            raise
        hint = "are its weights, its processor and the prompt made for each other?"
        raise InputError(f"the {what} cannot take its input: {_first_line(error)}", where=folder, hint=hint) from error


def _is_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _read(read: Callable[[], T], folder: Path, what: str, hint: str = "is the download whole? get it again") -> T:
    try:
        return read()
    except Exception as error:  # files of others, read by libraries that declare no errors
        if _is_of_memory(error):
            raise
        raise InputError(f"cannot read {what}: {_first_line(error)}", where=str(folder), hint=hint) from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
