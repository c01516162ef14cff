"""Input and output of networks trained on ImageNet: from photographs to pixels, from 1000 scores to class names."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tfpool.models.pretrained.applications import APPLICATIONS, BUNDLED, check_has_weights
from tfpool.validation import at_least

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

CLASSES = 1000
SQUEEZENET_MEAN = (104.006, 116.669, 122.679)
"""Blue, green and red of ImageNet's mean pixel, as SqueezeNet's authors subtract them."""


@lru_cache(maxsize=1)
def class_names() -> tuple[str, ...]:
    """The 1000 names of ImageNet's classes in the order of the scores, without duplicates."""
    file = BUNDLED / "imagenet_classes.txt"
    names = tuple(file.read_text(encoding="utf-8").splitlines()) if file.is_file() else ()
    if len(set(names)) != CLASSES:
        raise ValueError(f"{file.name} is missing or damaged. Take it from the repository again.")
    return names


def preprocess_input(network: str, images: ArrayLike) -> np.ndarray:
    """Scale photographs as a network's ImageNet weights expect them. `images` is not changed.

    Args:
        network: a network with ImageNet weights, such as "squeezenet" or "resnet50".
        images: (N, H, W, 3) red, green and blue from 0 to 255, of any number type.

    Returns:
        float32 (N, H, W, 3): from -1 to 1 for version 2 of the ResNets, from 0 to 255 for the EfficientNets, and
        blue, green and red minus their means for the others.

    Raises:
        ValueError: if the network has no ImageNet weights, or the images have another shape or range.

    Example:
        >>> import tfpool as tp
        >>> import numpy as np
        >>> white = np.full((1, 227, 227, 3), 255, np.uint8)
        >>> tp.preprocess_input("squeezenet", white)[0, 0, 0].round(1)
        array([151. , 138.3, 132.3], dtype=float32)
        >>> tp.preprocess_input("resnet50v2", white)[0, 0, 0]
        array([1., 1., 1.], dtype=float32)
    """
    import numpy as np

    check_has_weights(network)
    try:
        pixels = np.asarray(images)
    except ValueError:
        raise ValueError("Expected images of one size, (N, H, W, 3), got several sizes. Resize them first.") from None
    _check_images(pixels)
    return np.ascontiguousarray(scale_for_imagenet(network, pixels.astype(np.float32)))


def scale_for_imagenet(network: str, pixels: Any) -> Any:
    """Pixels, an array or a tensor of float32 (N, H, W, 3) from 0 to 255, in the range of the ImageNet weights."""
    import numpy as np

    if network not in APPLICATIONS:
        return pixels[..., ::-1] - np.array(SQUEEZENET_MEAN, np.float32)
    import keras

    module, _ = APPLICATIONS[network]
    return getattr(keras.applications, module).preprocess_input(pixels)


def pixels_of(network: str) -> str:
    """In words, the pixels that `scale_for_imagenet` makes."""
    module = APPLICATIONS[network][0] if network in APPLICATIONS else ""
    return _PIXELS.get(module, "less ImageNet's mean, BGR")


_PIXELS = {"resnet_v2": "from −1 to 1", "efficientnet": "from 0 to 255"}
"""By module of keras.applications, what its `preprocess_input` makes of pixels, if not the most frequent."""


def decode_predictions(scores: ArrayLike, top: int = 5) -> list[list[tuple[str, float]]]:
    """Name the ImageNet classes with the highest scores.

    Args:
        scores: (N, 1000), logits or probabilities of ImageNet's classes.
        top: number of names per image, at most 1000.

    Returns:
        For each image (name, score) pairs, the highest score first, with the scores as given.

    Raises:
        ValueError: if there are not 1000 scores per image, or `top` is out of range.

    Example:
        >>> import tfpool as tp
        >>> import numpy as np
        >>> scores = np.zeros((1, 1000))
        >>> scores[0, [967, 285]] = 0.9, 0.1
        >>> tp.decode_predictions(scores, top=2)
        [[('espresso', 0.9), ('Egyptian cat', 0.1)]]
    """
    import numpy as np

    values = np.asarray(scores)
    if values.ndim != 2 or values.shape[1] != CLASSES or values.dtype.kind not in "iuf":
        raise ValueError(
            f"Expected scores of ImageNet's {CLASSES} classes, (N, {CLASSES}), got {values.dtype} {values.shape}. "
            "A model of other classes has its own class names."
        )
    if at_least(1, top, "top") > CLASSES:
        raise ValueError(f"ImageNet has {CLASSES} classes, got top={top}. Use fewer.")
    names = class_names()
    order = np.argsort(-values.astype(np.float64), axis=1, kind="stable")[:, :top]
    return [
        [(names[index], float(row[index])) for index in best] for row, best in zip(values, order.tolist(), strict=True)
    ]


def _check_images(images: np.ndarray) -> None:
    if images.ndim != 4 or images.shape[-1] != 3 or 0 in images.shape:
        hint = " Use images[None] for one image." if images.ndim == 3 else ""
        raise ValueError(f"Expected color images (N, H, W, 3), got an array of shape {images.shape}.{hint}")
    if images.dtype.kind not in "iuf":
        raise ValueError(f"Expected images of numbers from 0 to 255, got an array of {images.dtype}. Use uint8.")
    least, most = images.min(), images.max()
    # Images from 0 to 1 would pass for black images without any error.
    is_scaled = images.dtype.kind == "f" and 0 < most <= 1
    if not (least >= 0 and most <= 255) or is_scaled:
        raise ValueError(
            f"Expected images from 0 to 255, got values from {least:g} to {most:g}. Do not scale them first."
        )
