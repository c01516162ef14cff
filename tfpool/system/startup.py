"""What a process of ours does while its libraries load: no garbage collections, no packages that nobody needs."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def lasting() -> Iterator[None]:
    """Load in it what stays for good: garbage collections leave that out, while it is loaded and later.

    Loading TensorFlow makes a million objects; to look through them again and again takes a sixth of the time.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was:
            gc.enable()


def do_without(*packages: str) -> None:
    """Have no use of packages that Keras loads where they are installed, for charts and tables that nobody asks for.

    Only for a process that is ours from its start: Python takes them for packages that are not there.
    """
    sys.modules.update(dict.fromkeys(packages))  # type: ignore[arg-type]
