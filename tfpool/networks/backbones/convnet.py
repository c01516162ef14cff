"""A small convolutional network that shows what local pooling and padding do."""

from __future__ import annotations

from tfpool.networks.graph import Tensor, known_size
from tfpool.networks.ops import AveragePooling2D, Concatenate, Conv2D, Cropping2D, MaxPooling2D
from tfpool.validation import at_least

POOLS = {"max": MaxPooling2D, "average": AveragePooling2D}
PADDINGS = ("zero", "circular", "none")


def convnet(x: Tensor, pooling: str = "max", pool_size: int = 2, padding: str = "zero", last: int = 64) -> Tensor:
    """Three 3×3 convolutions of 16, 32 and `last` filters, the first two each followed by pooling with stride 2.

    With "circular" padding the image continues at its opposite side, so that the network sees no border; with "none"
    each convolution removes two rows and two columns.
    """
    if pooling not in POOLS or pool_size not in (2, 3):
        raise ValueError(
            f"convnet needs pooling='max' or 'average' and pool_size=2 or 3, got pooling={pooling!r} and "
            f"pool_size={pool_size!r}."
        )
    if padding not in PADDINGS:
        raise ValueError(f"convnet needs padding as one of {', '.join(PADDINGS)}, got {padding!r}.")
    for number, filters in enumerate((16, 32), start=1):
        x = _convolution(x, filters, padding, f"conv{number}")
        x = POOLS[pooling](pool_size, strides=2, padding="same")(x, name=f"pool{number}")
    return _convolution(x, at_least(1, last, "the filters of the last convolution"), padding, "conv3")


def _convolution(x: Tensor, filters: int, padding: str, name: str) -> Tensor:
    if padding == "circular":
        x = _wrap(_wrap(x, 1, f"{name}_rows"), 2, f"{name}_columns")
    return Conv2D(filters, 3, padding="same" if padding == "zero" else "valid", activation="relu")(x, name=name)


def _wrap(x: Tensor, axis: int, name: str) -> Tensor:
    """Repeat the last row or column before the first, and the first after the last."""

    def crop(before: int, after: int, suffix: str) -> Tensor:
        cropping = ((before, after), (0, 0)) if axis == 1 else ((0, 0), (before, after))
        return Cropping2D(cropping)(x, name=f"{name}_{suffix}")

    others = known_size(x.shape[axis - 1]) - 1
    return Concatenate(axis)(crop(others, 0, "last"), x, crop(0, others, "first"), name=name)
