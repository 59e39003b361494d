"""A child process must not outlive its parent: a killed run leaves nothing behind that still writes."""

import os
import threading
import time

_POLL_S = 0.5


def end_with_parent(parent: int | None = None) -> None:
    """Starts a daemon thread that ends this process soon after its parent has gone.

    Args:
        parent: its process id, where it may have gone before this call; else whoever is the parent now.
    """
    parent = os.getppid() if parent is None else parent

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_POLL_S)
        os._exit(5)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
