"""The networks by name: one explicit table, and the rule for the depths that it does not list."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tfpool.backbones.resnet import cifar_resnet, resnet
from tfpool.graph import Shape, Tensor


@dataclass(frozen=True)
class Backbone:
    """A network without its head, and the input and class count it was published with.

    Attributes:
        features: adds the network after an image tensor and returns the last feature map.
        title: how articles call it.
    """

    features: Callable[[Tensor], Tensor]
    title: str
    input_shape: Shape
    classes: int


def _imagenet(title: str, blocks: tuple[int, int, int, int]) -> Backbone:
    return Backbone(partial(resnet, blocks=blocks), title, (224, 224, 3), 1000)


def _cifar(depth: int, shortcut: str = "A") -> Backbone:
    title = f"ResNet-{depth} for CIFAR, shortcut {shortcut}"
    return Backbone(partial(cifar_resnet, depth=depth, shortcut=shortcut), title, (32, 32, 3), 10)


CATALOG: dict[str, Backbone] = {
    "resnet8": _cifar(8),
    "resnet14": _cifar(14),
    "resnet20": _cifar(20),
    "resnet32": _cifar(32),
    "resnet44": _cifar(44),
    "resnet56": _cifar(56),
    "resnet110": _cifar(110),
    "resnet50": _imagenet("ResNet-50 of keras.applications", (3, 4, 6, 3)),
    "resnet101": _imagenet("ResNet-101 of keras.applications", (3, 4, 23, 3)),
    "resnet152": _imagenet("ResNet-152 of keras.applications", (3, 8, 36, 3)),
}


def catalog() -> tuple[str, ...]:
    """Names of the networks that `plan` takes.

    Beside these, `resnet26` and every other depth 6n + 2 is a CIFAR ResNet with the paper's shortcut A, and
    `resnet20b` or `cifar50b` have shortcut B. `cifar50` and `cifar152` tell the CIFAR networks of these depths
    from the ImageNet ones.
    """
    return tuple(CATALOG)


def find(name: str) -> Backbone:
    """The network of that name.

    Raises:
        ValueError: if there is none.
    """
    if isinstance(name, str) and name in CATALOG:
        return CATALOG[name]
    depth = re.fullmatch(r"(?:resnet|cifar)(\d{1,4})(b?)", str(name))
    if depth and int(depth[1]) >= 8 and int(depth[1]) % 6 == 2:
        return _cifar(int(depth[1]), "B" if depth[2] else "A")
    raise ValueError(
        f"Unknown network {name!r}. Use one of: {', '.join(CATALOG)}, or a CIFAR ResNet of another depth 6n + 2, "
        "such as resnet26."
    )
