"""`mmgic` that kills itself at a step of the way from work to output: at the n-th rename or removal of a file or folder."""

import sys

_PROGRAM = """
import os, signal, sys
from mmgic.cli.main import main
left = int(sys.argv.pop(1))
def crashing(whole):
    def step(*arguments, **options):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(*arguments, **options)
    return step
for name in ("rename", "unlink", "rmdir"):
    setattr(os, name, crashing(getattr(os, name)))
main()
"""


def crashing(step: int) -> list[str]:
    """The command's first words; those of `mmgic` follow."""
    return [sys.executable, "-c", _PROGRAM, str(step)]
