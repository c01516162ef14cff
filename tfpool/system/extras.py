"""Packages that tfpool does not always bring along: what to install where one of them is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

_INSTALL = {
    "tensorflow": 'tensorflow (or tensorflow-cpu, or "tensorflow[and-cuda]" for NVIDIA GPUs)',
    **dict.fromkeys(("streamlit", "plotly", "pandas"), '"tfpool[dashboard]"'),
    "scipy": '"tfpool[lab]"',
    "imagehash": '"tfpool[images]"',
    **dict.fromkeys(("onnx", "tf2onnx"), '"tfpool[onnx]"'),
    **dict.fromkeys(("distributed", "fsspec"), '"tfpool[distributed]"'),
}
"""What pip has to install, by the package that is missing."""


class MissingPackage(ModuleNotFoundError, ValueError):
    """A package is missing that only some uses of tfpool need; the text says what to install."""


@contextmanager
def named_extras() -> Iterator[None]:
    """Where an import in this block fails for want of a package of an extra, raise an error that says what to install.

    Example:
        >>> from tfpool.system.extras import named_extras
        >>> with named_extras():
        ...     from scipy import ndimage
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if isinstance(error, MissingPackage) or package not in _INSTALL:
            raise
        raise _missing(package) from None


def need(*packages: str) -> None:
    """Check that packages are installed, without importing them."""
    for package in packages:
        if find_spec(package) is None:
            raise _missing(package)


def how_to_install(package: str) -> str:
    """Two sentences on a package of an extra that is missing."""
    return f"{package} is not installed. Run: pip install {_INSTALL[package]}."


def _missing(package: str) -> MissingPackage:
    return MissingPackage(how_to_install(package), name=package)
