"""What an exported model says about itself: what it takes, what it gives, and where it comes from."""

from __future__ import annotations

import json

from tfpool._version import __version__
from tfpool.anatomy.pixel_scale import PIXEL_MODES
from tfpool.inference.classifier import Classifier

GRAY = "gray as 0.299 red + 0.587 green + 0.114 blue, and "
_CROP, _PAD = "crop the middle in the proportions of the input", "pad with black to the proportions of the input"


def model_facts(
    classifier: Classifier, size: tuple[int | None, ...], sizes: str, outputs: str, bare: bool = False
) -> dict[str, str]:
    """Texts by name, for the metadata of a file.

    Args:
        classifier: what the file holds.
        size: (H, W) of its input, None where any will do.
        sizes: the sizes that it takes, in words.
        outputs: what it gives, in words.
        bare: whether it takes pixels that are scaled already.
    """
    channels = classifier.input_shape[-1]
    shape = f"(N, {size[0] or 'height'}, {size[1] or 'width'}, {channels if bare else 3})"
    pixels = _pixels(classifier)
    to_gray = GRAY if channels == 1 else ""
    if bare:
        takes = f"float32 {'gray' if channels == 1 else 'RGB'} images {shape}, pixels {pixels}"
    else:
        takes = f"uint8 RGB images {shape}, pixels from 0 to 255"
    origin = classifier.origin
    return {
        "task": "image classification",
        "model": classifier.name,
        "network": f"{origin.plan.backbone} with {origin.plan.head}" if origin else "",
        "data": origin.data if origin else "",
        "class_names": json.dumps(classifier.class_names, ensure_ascii=False),
        "input": takes,
        "input_size": sizes,
        "input_range": pixels.removeprefix("from ") if bare else "0 to 255",
        "preprocessing": "none: scale pixels first" if bare else f"inside the model: {to_gray}pixels {pixels}",
        "pixel_scale": _certainty(classifier),
        "resizing": f"outside of the model: {_PAD if classifier.pads else _CROP}, then resize, bilinear, antialiased",
        "outputs": outputs,
        "library": f"tfpool {__version__}",
    }


def _pixels(classifier: Classifier) -> str:
    """Which pixels the model itself takes, in words."""
    if classifier.origin is not None:
        # This module loads TensorFlow, as whoever writes a model does anyway.
        from tfpool.models.preprocessing import pixels_text

        return pixels_text(classifier.origin.plan, classifier.origin.weights)
    return PIXEL_MODES[classifier.pixels.mode] if classifier.pixels else PIXEL_MODES["raw"]


def _certainty(classifier: Classifier) -> str:
    return "as in training" if classifier.pixels is None else classifier.pixels.reason
