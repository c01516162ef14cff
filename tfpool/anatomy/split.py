"""A classifier in two parts, features and head, by the structure of its graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import keras
import numpy as np
from keras import ops

from tfpool.anatomy import end
from tfpool.anatomy.end import End
from tfpool.anatomy.features import Features, entering, find_tokens
from tfpool.anatomy.limits import FEWEST_POSITIONS, notes, positions
from tfpool.anatomy.named_parts import find_ending, find_image, find_maps, layer_names, named_features
from tfpool.anatomy.twin import without_activation
from tfpool.anatomy.unfold import Call, Graph, Value, ancestors, is_opaque, unfold, whole_outputs


@dataclass(frozen=True)
class Anatomy:
    """A classifier in two parts: `body` maps images (N, H, W, C) to features (N, h, w, c), `head` these to K scores.

    Attributes:
        layer: name of the layer with the features; "backbone/conv1" inside another model.
        head: (features, images) to scores (N, K) float32 before softmax or sigmoid. A single unit of yes or no becomes
            two scores, minus and plus the unit's own. An optional third argument, a `Call`, runs each step of the head.
        end: how the scores become the model's outputs, a `kind` of `end.End`.
        chain: the head's layers in execution order, without those that do nothing at inference; empty if the head reads
            the image as well as the features.
        image_shape: (H, W, C), None where any size will do.
        larger: names of the layers with a map of at least `FEWEST_POSITIONS` positions, those near the head first.
        notes: sentences on what a map of these features cannot show.
        input: name of the input with the images.
        output: the number of the output with the scores, among all outputs.
        is_flat: whether the model takes (N, H, W) and adds the channel itself.
        others: the model's other inputs, by their names.
        given: what these are given, (1, …) each, for all images. Set before body and head are called.
    """

    layer: str
    body: Callable[[Any], Any]
    head: Callable[..., Any]
    classes: int
    end: str
    chain: tuple[keras.Operation, ...]
    image_shape: tuple[int | None, ...]
    larger: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    input: str = ""
    output: int = 0
    is_flat: bool = False
    others: dict[str, Value] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)

    @property
    def of(self) -> str:
        """What the scores are: "logit", "probability" where what ends the model can't be taken off, or "number"."""
        return self.end if self.end in (end.PROBABILITY, end.NUMBER) else "logit"

    def probabilities(self, scores: Any) -> Any:
        """Probabilities (N, K) from scores (N, K)."""
        if self.end == end.NUMBER:
            raise ValueError(
                "Expected a classifier. This model gives numbers that are no probabilities: use its scores."
            )
        if self.end == end.PROBABILITY:
            return ops.convert_to_tensor(scores)
        return ops.sigmoid(scores) if self.end == end.SIGMOID else ops.softmax(scores)

    def outputs(self, scores: Any) -> Any:
        """The model's own outputs from scores (N, K)."""
        if self.end in (end.LINEAR, end.NUMBER):
            return scores
        return ops.log_softmax(scores) if self.end == end.LOG_SOFTMAX else self.probabilities(scores)


def split_model(
    model: keras.Model,
    layer: str | None = None,
    output: str | None = None,
    input: str | None = None,
    call: int | None = None,
) -> Anatomy:
    """Split a classifier at the input of its head's pooling or flattening, or after the layer named.

    A model with several outputs needs the name of the one to explain, one with several images the name of one of these,
    and a layer that is called several times the number of a call, from 0.
    """
    graph = unfold(model)
    image = find_image(graph, model.name, input)
    number, ending = find_ending(graph, model, output)
    last = ending.value
    if layer is None:
        value = entering(graph, [last], image)
        features = None if value is None else find_tokens(graph, value, last) or Features(value)
        missing = f"No single feature map enters the head of {model.name}. Use layer= with"
    else:
        features = named_features(graph, layer, call, last)
        missing = f"{model.name} has no layer {layer!r} with a feature map. Use"
    maps = find_maps(graph, last)
    if features is None or (features.value not in maps and features.grid is None):
        raise ValueError(f"{missing} one of: {', '.join(map(repr, layer_names(graph, maps))) or _NONE}.")
    larger = [value for value in maps if not 0 < positions(value) < FEWEST_POSITIONS]
    anatomy = _split(graph, image, ending, features, number)
    return replace(anatomy, larger=tuple(layer_names(graph, larger)), notes=notes(model.name, graph, features, last))


_NONE = "none, since it has no feature map; methods that read the image itself work, such as occlusion or saliency"


def split_at_image(model: keras.Model, output: str | None = None, input: str | None = None) -> Anatomy:
    """Split a classifier before its first layer: the features are the images, and the whole model is the head.

    The model need not have a graph of layers, as long as it has been built.
    """
    if is_opaque(model):
        return _whole(model, output)
    graph = unfold(model)
    image = find_image(graph, model.name, input)
    number, ending = find_ending(graph, model, output)
    return _split(graph, image, ending, Features(image), number)


def own_outputs(model: keras.Model, anatomy: Anatomy, images: Any) -> Any:
    """What the model itself gives for images (N, H, W, C) and the other inputs that it was given: (N, K) float32."""
    count = ops.shape(images)[0]
    tensors = {name: ops.repeat(tensor, count, axis=0) for name, tensor in anatomy.given.items()}
    tensors[anatomy.input] = images[..., 0] if anatomy.is_flat else images
    output = whole_outputs(model, tensors)[anatomy.output]
    return ops.cast(ops.reshape(output, (count, -1)), "float32")


def _split(graph: Graph, image: Value, ending: End, features: Features, number: int) -> Anatomy:
    others = {name: value for name, value in zip(graph.input_names, graph.inputs, strict=True) if value is not image}
    given: dict[str, Any] = {}
    value = features.value
    is_flat = len(image.shape) == 3

    def inputs(images: Any) -> dict[Value, Any]:
        """The tensors of all inputs; each image has the same others."""
        shown = {image: images[..., 0] if is_flat else images}
        count = ops.shape(images)[0]
        return shown | {others[name]: ops.repeat(tensor, count, axis=0) for name, tensor in given.items()}

    def body(images: Any) -> Any:
        if value is image:
            return images
        return features.to_map(graph.run(value, inputs(images)))

    def head(values: Any, images: Any, call: Call | None = None) -> Any:
        tensors = inputs(images)
        if value is image:
            tensors = inputs(values)
        else:
            before = graph.run(value, tensors) if features.extra else None
            tensors[value] = features.from_map(values, before)
        return _both(ending.scores(graph.run(ending.value, tensors, call)), ending.kind)

    step = value.step
    names = dict(zip(graph.inputs, graph.input_names, strict=True))
    return Anatomy(
        layer=step.name if step else names[image],
        body=body,
        head=head,
        classes=_classes(ending),
        end=ending.kind,
        chain=() if features.extra else _chain(graph, features.value, ending),
        image_shape=(*image.shape[1:], 1) if is_flat else image.shape[1:],
        input=names[image],
        output=number,
        is_flat=is_flat,
        others=others,
        given=given,
    )


def _both(scores: Any, kind: str) -> Any:
    """The scores of no and yes, where a model has one for both."""
    if scores.shape[1] != 1 or kind == end.NUMBER:
        return scores
    return ops.concatenate([1 - scores if kind == end.PROBABILITY else -scores, scores], axis=1)


def _classes(ending: End) -> int:
    return 2 if ending.units == 1 and ending.kind != end.NUMBER else ending.units


def _chain(graph: Graph, features: Value, ending: End) -> tuple[keras.Operation, ...]:
    needed = ancestors(ending.value, stop=[features]) - {features}
    if needed & set(graph.inputs):
        return ()
    steps = [step for step, values in graph.steps if needed.intersection(values)]
    last = [] if ending.operation is None else [ending.operation]
    return tuple(operation for operation in [*(step.operation for step in steps), *last] if not _is_idle(operation))


def _is_idle(operation: keras.Operation) -> bool:
    """Whether a layer does nothing at inference."""
    if isinstance(operation, keras.layers.Activation):
        return without_activation(operation) is None
    return isinstance(operation, _IDLE)


_IDLE = (
    keras.layers.Dropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.AlphaDropout,
    keras.layers.ActivityRegularization,
    keras.layers.Identity,
)


def _whole(model: keras.Model, output: str | None) -> Anatomy:
    """A model without a graph of layers, as a head that reads the image."""
    shape = _built_shape(model)
    example = model(np.zeros((1, *(size or _SIDE for size in shape)), np.float32), training=False)
    names = list(example) if isinstance(example, dict) else list(map(str, range(len(keras.tree.flatten(example)))))
    if len(names) > 1 and output not in names:
        raise ValueError(f"{model.name} has several outputs. Use output= with one of: {', '.join(map(repr, names))}.")
    number = names.index(output) if output in names else 0
    # Keras flattens a dictionary by its sorted keys.
    number = sorted(names).index(names[number]) if isinstance(example, dict) else number

    def head(values: Any, images: Any, call: Call | None = None) -> Any:
        if call is not None:
            raise ValueError(f"fullgrad needs the layers of a model, and {model.name} has no graph of them.")
        scores = keras.tree.flatten(model(values, training=False))[number]
        return ops.cast(ops.reshape(scores, (ops.shape(scores)[0], -1)), "float32")

    units = prod(keras.tree.flatten(example)[number].shape[1:])
    kind = end.NUMBER if units == 1 else end.LINEAR
    return Anatomy(model.name, _unchanged, head, units, kind, (), tuple(shape), output=number)


_SIDE = 64
"""In place of a height or width that is not known."""


def _unchanged(images: Any) -> Any:
    return images


def _built_shape(model: keras.Model) -> tuple[int | None, ...]:
    config: Mapping[str, Any] = (model.get_build_config() if model.built else None) or {}
    shape = config.get("input_shape") or next(iter((config.get("shapes_dict") or {}).values()), None)
    if shape is None or len(shape) != 4:
        raise ValueError(f"Expected a model built on images (N, H, W, C). Call {model.name} on a batch of them once.")
    return tuple(shape[1:])
