"""The networks by name: a table, and a rule for CIFAR networks of other depths."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tfpool.networks.backbones.alexnet import alexnet
from tfpool.networks.backbones.convnet import convnet
from tfpool.networks.backbones.efficientnet import efficientnet
from tfpool.networks.backbones.network_in_network import nin_cifar, nin_imagenet
from tfpool.networks.backbones.resnet import cifar_resnet, resnet, resnet_v2, torchvision_resnet
from tfpool.networks.backbones.squeezenet import squeezenet
from tfpool.networks.backbones.vgg import vgg
from tfpool.networks.graph import Shape, Tensor
from tfpool.networks.heads import FC, GAP, NIN, Head


@dataclass(frozen=True)
class Backbone:
    """A network without its head, and what it was published with.

    `features` adds the network to an image tensor and returns the last feature map; `title` is its name in articles.
    """

    features: Callable[..., Tensor]
    title: str
    head: Head
    input_shape: Shape
    classes: int

    @property
    def settings(self) -> tuple[str, ...]:
        """Names of the network's own settings, such as its width."""
        fixed = self.features.keywords if isinstance(self.features, partial) else {}
        return tuple(name for name in list(inspect.signature(self.features).parameters)[1:] if name not in fixed)

    def check(self, settings: Mapping[str, Any]) -> None:
        """Check the names of settings; the error lists those that the network has."""
        if unknown := set(settings) - set(self.settings):
            choices = ", ".join(self.settings) or "none"
            raise ValueError(f"{self.title} has no setting {', '.join(sorted(unknown))}. Use one of: {choices}.")


_GAP = GAP()


def _imagenet(title: str, features: Callable[..., Tensor], head: Head = _GAP, side: int = 224) -> Backbone:
    return Backbone(features, title, head, (side, side, 3), 1000)


def _small(title: str, features: Callable[..., Tensor], head: Head = _GAP) -> Backbone:
    return Backbone(features, title, head, (32, 32, 3), 10)


def _cifar(depth: int, shortcut: str) -> Backbone:
    kind = "Plain network" if shortcut == "none" else "ResNet"
    title = f"{kind} of depth {depth} for CIFAR" + ("" if shortcut == "none" else f", shortcut {shortcut}")
    return _small(title, partial(cifar_resnet, depth=depth, shortcut=shortcut))


def _residual(name: str, title: str, features: Callable[..., Tensor], depths: dict[int, tuple]) -> dict[str, Backbone]:
    return {name.format(n): _imagenet(title.format(n), partial(features, blocks=depths[n])) for n in depths}


def _efficientnet(number: int, width: float, depth: float, side: int, dropout: float) -> Backbone:
    features = partial(efficientnet, width=width, depth=depth)
    return _imagenet(f"EfficientNet-B{number} of keras.applications", features, GAP(dropout), side)


def _vgg(depth: int, batch_norm: bool) -> Backbone:
    features = partial(vgg, convolutions=_VGG[depth], batch_norm=batch_norm)
    return _imagenet(f"VGG-{depth}" + " with batch normalization" * batch_norm, features, FC())


_DEEP = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
_SHALLOW = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
_VGG = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_PLAIN = partial(torchvision_resnet, bottlenecks=False, shortcut="none")
_BASIC = partial(torchvision_resnet, bottlenecks=False)
_V15 = partial(torchvision_resnet, bottlenecks=True)

CATALOG: dict[str, Backbone] = {
    "convnet": _small("Three convolutions with local pooling", convnet),
    **{f"resnet{depth}": _cifar(depth, "A") for depth in (8, 14, 20, 32, 44, 56, 110)},
    **{f"resnet{depth}b": _cifar(depth, "B") for depth in (20, 32, 44, 56, 110)},
    **{f"plain{depth}": _cifar(depth, "none") for depth in (20, 32, 44, 56, 110)},
    **_residual("resnet{}", "ResNet-{} of torchvision", _BASIC, _SHALLOW),
    **_residual("plain{}", "Plain network of depth {}", _PLAIN, _SHALLOW),
    **_residual("resnet{}", "ResNet-{} of keras.applications", resnet, _DEEP),
    **_residual("resnet{}v1.5", "ResNet-{} v1.5 of torchvision, stride on the 3×3", _V15, _DEEP),
    **_residual("resnet{}v2", "ResNet-{} v2 of keras.applications", resnet_v2, _DEEP),
    "nin_cifar": _small("Network in Network for CIFAR", nin_cifar, NIN()),
    "nin_imagenet": _imagenet("Network in Network for ImageNet", nin_imagenet, NIN(dropout=0.5)),
    "alexnet": _imagenet("AlexNet with one column, of torchvision", alexnet, FC()),
    **{f"vgg{n}": _vgg(n, batch_norm=False) for n in _VGG},
    **{f"vgg{n}_bn": _vgg(n, batch_norm=True) for n in _VGG},
    "squeezenet": _imagenet("SqueezeNet 1.1", squeezenet, NIN(dropout=0.5), 227),
    "efficientnetb0": _efficientnet(0, 1.0, 1.0, 224, 0.2),
    "efficientnetb1": _efficientnet(1, 1.0, 1.1, 240, 0.2),
    "efficientnetb2": _efficientnet(2, 1.1, 1.2, 260, 0.3),
    "efficientnetb3": _efficientnet(3, 1.2, 1.4, 300, 0.3),
    "efficientnetb4": _efficientnet(4, 1.4, 1.8, 380, 0.4),
    "efficientnetb5": _efficientnet(5, 1.6, 2.2, 456, 0.4),
    "efficientnetb6": _efficientnet(6, 1.8, 2.6, 528, 0.5),
    "efficientnetb7": _efficientnet(7, 2.0, 3.1, 600, 0.5),
}


def catalog() -> tuple[str, ...]:
    """Names of the networks that `plan` takes.

    `plan` also takes CIFAR networks of any other depth 6n + 2 from 8: `resnet26` with the paper's shortcut A,
    `resnet26b` with shortcut B, `plain26` without shortcuts. `cifar50` and `cifar152` are the CIFAR networks of these
    depths, since `resnet50` and `resnet152` are the networks for ImageNet.

    Example:
        >>> import tfpool as tp
        >>> tp.catalog()[:3]
        ('convnet', 'resnet8', 'resnet14')
    """
    return tuple(CATALOG)


def find(name: str) -> Backbone:
    """The network of that name."""
    if isinstance(name, str) and name in CATALOG:
        return CATALOG[name]
    if match := re.fullmatch(r"(resnet|cifar|plain)(\d{1,4})(b?)", str(name)):
        kind, depth, variant = match[1], int(match[2]), match[3]
        if depth >= 8 and depth % 6 == 2 and (kind, variant) != ("plain", "b"):
            return _cifar(depth, "none" if kind == "plain" else "B" if variant else "A")
    raise ValueError(
        f"Unknown network {name!r}. Use one of: {', '.join(CATALOG)}, or a CIFAR network of another depth 6n + 2, "
        "such as resnet26."
    )
