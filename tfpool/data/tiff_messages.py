"""What Pillow and libtiff inside it say of damaged files on their own, beside the error that they raise."""

from __future__ import annotations

import ctypes
import logging
from contextlib import suppress

from PIL import _imaging

_SETTERS = ("TIFFSetErrorHandler", "TIFFSetWarningHandler")


def silence() -> None:
    """Let libtiff print nothing in this process, and Pillow only where a program listens to its log.

    libtiff prints to no stream of Python, so that nothing else can keep it back.
    """
    # Without any handler, Python prints errors in a log.
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    with suppress(OSError, AttributeError):
        # Where Pillow's module is built with libtiff inside, its functions cannot be reached, and the lines stay.
        library = ctypes.CDLL(_imaging.__file__)
        for name in _SETTERS:
            setter = getattr(library, name)
            setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
            setter(None)
