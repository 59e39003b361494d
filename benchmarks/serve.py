"""The end of a worker process: a line of JSON for each line of JSON, and nothing else on its standard output."""

import gc
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

Answer = Callable[[dict[str, Any]], dict[str, Any]]


def answers_only() -> int:
    """Frees standard output for answers: what libraries print goes to standard error. Call it before they are loaded.

    Returns:
        The file descriptor to answer on.
    """
    answers = os.dup(1)
    os.dup2(2, 1)
    return answers


def serve(answers: int, hello: Mapping[str, Any], answer: Answer, *, collects: bool = False) -> None:
    """Answers commands until the input ends; an engine's failure is an answer too. What waits on the pipe is not timed.

    Args:
        answers: The file descriptor to answer on.
        hello: The first line.
        answer: Gives the answer to a command.
        collects: Whether Python's cyclic garbage collector runs; it costs those most who make many objects.
    """
    with os.fdopen(answers, "w", buffering=1) as stream:
        print(json.dumps(hello), file=stream)
        if not collects:
            gc.disable()
        for line in sys.stdin:
            try:
                told = answer(json.loads(line))
            except Exception as error:  # whatever a library raises is the runner's to tell
                told = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(told), file=stream)
