"""What libtiff, inside Pillow, prints on its own: to no stream of Python, so that nothing else can keep it back."""

from __future__ import annotations

import ctypes
from contextlib import suppress

from PIL import _imaging

_SETTERS = ("TIFFSetErrorHandler", "TIFFSetWarningHandler")


def silence() -> None:
    """Let libtiff print nothing in this process. What it would say, Pillow raises as an error."""
    with suppress(OSError, AttributeError):
        # Where Pillow's module is built with libtiff inside, its functions cannot be reached, and the lines stay.
        library = ctypes.CDLL(_imaging.__file__)
        for name in _SETTERS:
            setter = getattr(library, name)
            setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
            setter(None)
