"""What comes after the last convolution: from a feature map H×W×C to the scores of K classes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from tfpool import graph
from tfpool.graph import Shape, Tensor, at_least


class Head(ABC):
    """A subclass is a frozen dataclass of settings. Calling it adds its layers after a feature map."""

    name: ClassVar[str]
    formula: ClassVar[str]

    @abstractmethod
    def __call__(self, features: Tensor, classes: int) -> Tensor:
        """Add the head after `features` (H, W, C) and return the logits (K,)."""

    def params(self, feature_shape: Shape, classes: int) -> int:
        """Parameters of this head alone on a feature map (H, W, C)."""
        features = graph.image_input(feature_shape)
        self(features, classes)
        tensors = features.graph.tensors.values()
        return sum(tensor.op.params(*(source.shape for source in tensor.inputs)) for tensor in tensors)

    @property
    def config(self) -> dict[str, Any]:
        """Plain data from which `get` makes an equal head."""
        return {"name": self.name, **asdict(self)}  # type: ignore[call-overload]


@dataclass(frozen=True)
class GAP(Head):
    """Mean over positions, then Dense(K): C·K + K parameters. Lin et al. 2013, arXiv 1312.4400.

    Args:
        dropout: share of the pooled values dropped while training, 0 ≤ dropout < 1.
    """

    dropout: float = 0.0
    name: ClassVar[str] = "gap"
    formula: ClassVar[str] = "C·K + K"

    def __post_init__(self) -> None:
        _check_rate(self.dropout)

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        x = graph.GlobalAveragePooling2D()(features, name="avg_pool")
        if self.dropout:
            x = graph.Dropout(self.dropout)(x, name="avg_pool_dropout")
        return graph.Dense(classes)(x, name="predictions")


@dataclass(frozen=True)
class GMP(Head):
    """Maximum over positions, then Dense(K): C·K + K parameters. Oquab et al. 2015."""

    name: ClassVar[str] = "gmp"
    formula: ClassVar[str] = "C·K + K"

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        x = graph.GlobalMaxPooling2D()(features, name="max_pool")
        return graph.Dense(classes)(x, name="predictions")


@dataclass(frozen=True)
class Flatten(Head):
    """All positions side by side, then Dense(K): H·W·C·K + K parameters. Needs a fixed image size."""

    name: ClassVar[str] = "flatten"
    formula: ClassVar[str] = "H·W·C·K + K"

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        x = _flatten(features, "Flatten")
        return graph.Dense(classes)(x, name="predictions")


@dataclass(frozen=True)
class FC(Head):
    """Flatten, hidden Dense layers with ReLU and dropout, then Dense(K), as AlexNet and VGG end.

    Source: Simonyan & Zisserman 2014, arXiv 1409.1556. Needs a fixed image size.

    Args:
        units: sizes of the hidden layers, each at least 1.
        dropout: share of each hidden layer's values dropped while training, 0 ≤ dropout < 1.
    """

    units: tuple[int, ...] = (4096, 4096)
    dropout: float = 0.5
    name: ClassVar[str] = "fc"
    formula: ClassVar[str] = "H·W·C·U₁ + U₁ + U₁·U₂ + U₂ + U₂·K + K"

    def __post_init__(self) -> None:
        if not isinstance(self.units, Sequence) or isinstance(self.units, str):
            raise ValueError(f"FC needs a tuple of hidden sizes, such as units=(4096, 4096), got {self.units!r}.")
        object.__setattr__(self, "units", tuple(at_least(1, size, "each hidden layer of FC") for size in self.units))
        _check_rate(self.dropout)

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        x = _flatten(features, "FC")
        for number, size in enumerate(self.units, start=1):
            x = graph.Dense(size, activation="relu")(x, name=f"fc{number}")
            if self.dropout:
                x = graph.Dropout(self.dropout)(x, name=f"fc{number}_dropout")
        return graph.Dense(classes)(x, name="predictions")


HEADS: dict[str, type[Head]] = {head.name: head for head in (GAP, GMP, Flatten, FC)}


def get(head: str | Head | Mapping[str, Any]) -> Head:
    """A head by its lower-case name, its config, or itself.

    Raises:
        ValueError: if there is no head of that name, or a setting is out of range.
    """
    if isinstance(head, Head):
        return head
    settings = {**head} if isinstance(head, Mapping) else {"name": head}
    name = settings.pop("name", None)
    if not isinstance(name, str) or name not in HEADS:
        raise ValueError(f"Unknown head {name!r}. Use a head such as GAP(), or one of: {', '.join(HEADS)}.")
    return HEADS[name](**settings)


def _flatten(features: Tensor, head: str) -> Tensor:
    if None in features.shape:
        shape = next(iter(features.graph.tensors.values())).shape
        raise ValueError(
            f"{head} needs a fixed image size, got input_shape={shape}. Use GAP, or give height and width."
        )
    return graph.Flatten()(features, name="flatten")


def _check_rate(dropout: float) -> None:
    if not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        raise ValueError(f"Dropout is a share of at least 0 and below 1, got {dropout!r}.")
