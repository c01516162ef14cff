"""HEIC, the format of iPhones' photographs, which Pillow reads where the package pillow-heif is installed."""

from __future__ import annotations

from importlib.util import find_spec

IS_INSTALLED = find_spec("pillow_heif") is not None


def register() -> bool:
    """Make Pillow read HEIC, under the format's name "HEIF"; False where pillow-heif is missing or cannot be loaded."""
    try:
        # Loaded only when the first such file is met.
        import pillow_heif
    except ImportError:
        return False
    # Of the thumbnails, depths and masks that phones add, none is needed.
    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    return True
