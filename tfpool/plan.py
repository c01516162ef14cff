"""A network with a head, counted without being built: rows, totals, feature shape, receptive field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

from tfpool import graph, heads
from tfpool.catalog import find
from tfpool.graph import Shape, Tensor, at_least
from tfpool.ops import image_input
from tfpool.table import count, table


class Row(NamedTuple):
    """One layer, for one image.

    Attributes:
        name: the layer's name in the built model.
        op: the Keras layer's class name.
        part: "backbone" or "head".
        output_shape: without the batch; None where a size is not known.
        params: all weights, trainable or not, as Keras's `count_params()`.
        trainable_params: weights that training changes.
        macs: multiply-adds, a fused one counts one; None where the image size is not known.
        receptive_field: side in pixels of the square of the image that one position sees; None for all of it.
        stride: pixels of the image between two neighbouring positions; None after the last feature map.
    """

    name: str
    op: str
    part: str
    output_shape: Shape
    params: int
    trainable_params: int
    macs: int | None
    receptive_field: int | None
    stride: int | None


@dataclass(frozen=True)
class Plan:
    """A network with a head, described. Made by `plan`, built by `build`, trained by `train`."""

    backbone: str
    head: heads.Head
    input_shape: Shape
    classes: int
    settings: Mapping[str, Any]
    features: Tensor = field(compare=False, repr=False)
    output: Tensor = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.backbone}-{self.head.name}"

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Every layer's output, in the order of creation."""
        return tuple(self.output.graph.tensors.values())

    @property
    def feature_shape(self) -> Shape:
        """Shape (H, W, C) of the last feature map, which the head reads."""
        return self.features.shape

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """A row a layer, in the order of creation."""
        last_of_backbone = self.tensors.index(self.features)
        seen: dict[str, tuple[int, int] | None] = {}
        rows = []
        for position, tensor in enumerate(self.tensors):
            inputs = [source.shape for source in tensor.inputs]
            params = tensor.op.params(*inputs)
            seen[tensor.name] = sight = _sight(tensor, seen)
            rows.append(
                Row(
                    name=tensor.name,
                    op=tensor.op.layer,
                    part="backbone" if position <= last_of_backbone else "head",
                    output_shape=tensor.shape,
                    params=params,
                    trainable_params=params - tensor.op.non_trainable_params(*inputs),
                    macs=_macs(tensor, inputs),
                    receptive_field=sight and sight[0],
                    stride=sight and sight[1],
                )
            )
        return tuple(rows)

    @property
    def params(self) -> int:
        """All weights, trainable or not: equal to `build(plan).count_params()`."""
        return sum(row.params for row in self.rows)

    @property
    def trainable_params(self) -> int:
        return sum(row.trainable_params for row in self.rows)

    @property
    def head_params(self) -> int:
        return sum(row.params for row in self.rows if row.part == "head")

    @property
    def backbone_params(self) -> int:
        return self.params - self.head_params

    @property
    def macs(self) -> int | None:
        """Multiply-adds for one image; None where the image size is not known."""
        macs = [row.macs for row in self.rows]
        return None if None in macs else sum(filter(None, macs))

    @property
    def spec(self) -> dict[str, Any]:
        """Plain data: `plan(**spec)` makes an equal plan."""
        shape = list(self.input_shape)
        return {
            "backbone": self.backbone,
            "head": self.head.config,
            "input_shape": shape,
            "classes": self.classes,
            **self.settings,
        }

    def __str__(self) -> str:
        lines = [
            (row.name, row.op, graph.text(row.output_shape), count(row.params), count(row.macs)) for row in self.rows
        ]
        return "\n".join(
            (
                table(("layer", "op", "output", "params", "MACs"), lines, right=(3, 4)),
                "",
                f"{self.name}, input {graph.text(self.input_shape)}, {self.classes} classes, "
                f"features {graph.text(self.feature_shape)}",
                f"params  {count(self.params)} ({count(self.trainable_params)} trainable): "
                f"backbone {count(self.backbone_params)}, head {count(self.head_params)}",
                f"MACs    {count(self.macs)} an image",
            )
        )


def plan(
    backbone: str,
    head: str | heads.Head | Mapping[str, Any] | None = None,
    input_shape: Sequence[int | None] | None = None,
    classes: int | None = None,
    **settings: Any,
) -> Plan:
    """Describe a network with a head and count it, without building it or loading TensorFlow.

    Args:
        backbone: a name from `catalog()`.
        head: a head such as `GAP()`, or its lower-case name. Default: as published.
        input_shape: (height, width, channels) of an image in pixels. Height and width may be None under a
            head that pools over all positions. Default: the size the network was published with.
        classes: number of classes K. Default: as published.
        settings: what else the network's function takes, such as width=0.5 or output_stride=8 for ResNets.

    Raises:
        ValueError: on an unknown name or setting, a size or class count below one, an image that is too small for the
            network, or an unknown image size under a head that needs it.
    """
    entry = find(backbone)
    entry.check(settings)
    head = heads.get(entry.head if head is None else head)
    shape = _image_shape(entry.input_shape if input_shape is None else input_shape)
    classes = entry.classes if classes is None else at_least(1, classes, "classes")
    features = entry.features(image_input(shape), **settings)
    result = Plan(backbone, head, shape, classes, settings, features, output=head(features, classes))
    _check_size(result)
    return result


def _image_shape(shape: Sequence[int | None]) -> Shape:
    try:
        height, width, channels = shape
    except (TypeError, ValueError):
        raise ValueError(f"An image has (height, width, channels), got input_shape={shape}.") from None
    if (height is None) != (width is None):
        raise ValueError(f"Give both height and width, or neither, got input_shape={tuple(shape)}.")
    if height is None:
        return None, None, at_least(1, channels, "channels")
    return at_least(1, height, "height"), at_least(1, width, "width"), at_least(1, channels, "channels")


def _check_size(plan: Plan) -> None:
    stride = next(row.stride for row in plan.rows if row.name == plan.features.name)
    sides = [side for side in plan.input_shape[:2] if side is not None]
    if stride and any(side < stride for side in sides):
        raise ValueError(
            f"{plan.backbone} needs images of at least {stride}×{stride} pixels, since it shrinks them {stride} times, "
            f"got {graph.text(plan.input_shape[:2])}. Use a larger image or a network for small ones, such as resnet20."
        )


def _macs(tensor: Tensor, inputs: list[Shape]) -> int | None:
    each = tensor.op.macs_per_output(*inputs)
    if each == 0:
        return 0
    return None if None in tensor.shape else each * prod(filter(None, tensor.shape))


def _sight(tensor: Tensor, seen: dict[str, tuple[int, int] | None]) -> tuple[int, int] | None:
    """Receptive field and stride of a tensor from those of its inputs: Araujo et al., Distill 2019."""
    window = tensor.op.window
    before = [seen[source.name] for source in tensor.inputs] or [(1, 1)]
    # A gate of one value a channel sees all of the image; what it gates keeps its places.
    known = [sight for sight in before if sight is not None]
    if window is None or not known:
        return None
    size, stride = window
    side, jump = known[0] if len(known) == 1 else map(max, zip(*known, strict=True))
    return side + (size - 1) * jump, jump * stride
