"""From a plan to a Keras model: one stock layer an op, in one flat graph."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from zlib import crc32

from tfpool.counting.plan import Plan
from tfpool.networks import ops
from tfpool.networks.graph import Op, Tensor
from tfpool.networks.heads import Head, get
from tfpool.validation import at_least

if TYPE_CHECKING:
    import keras

INITIALIZERS = {"glorot": "GlorotUniform", "he": "HeNormal"}


def build(
    plan: Plan,
    activation: str | None = None,
    seed: int | None = None,
    weights: str | os.PathLike[str] | None = None,
    initializer: str = "glorot",
) -> keras.Model:
    """Build a plan's model from stock Keras layers.

    Args:
        plan: what `tfpool.plan` returned.
        activation: what the scores end in, such as "softmax". Default: logits.
        seed: fixes the initial weights and the dropout. Each layer's draw follows from the seed and its
            name alone, so that two heads on one backbone start from the same backbone weights.
        weights: "imagenet" or a path to a file, as `load_weights` takes it: the backbone starts
            from these, and so does a head that they fit. `preprocess_input` makes images as ImageNet's weights expect
            them. Default: initial weights.
        initializer: what these are drawn by under a seed: "glorot" (uniform) or "he" (normal).

    Returns:
        A model from images (N, H, W, C) to scores (N, K). `keras.models.load_model` opens what it saves
        without tfpool.

    Raises:
        ValueError: if `plan` is none, or there are no such weights, or they do not fit.
    """
    import keras

    if not isinstance(plan, Plan):
        raise ValueError(f"A plan is needed, such as tp.plan('resnet8'), got {plan!r}.")
    image = keras.Input(plan.input_shape, name=plan.tensors[0].name)
    scores = _layers(plan.tensors, image, activation, seed, initializer)
    model = keras.Model(image, scores, name=plan.name)
    if weights is not None:
        from tfpool.models.pretrained import load_weights

        load_weights(model, plan, weights)
    return model


def with_head(
    backbone: keras.Model, head: str | Head, classes: int, activation: str | None = None, seed: int | None = None
) -> keras.Model:
    """Put a head on any headless Keras model, ours or keras.applications', on its own layers and weights.

    Args:
        backbone: a model from images (N, H, W, C) to a feature map (N, h, w, c).
        head: a head such as `Flatten()`, or its lower-case name.
        classes: number of classes K.
        activation, seed: as for `build`; the seed fixes the head alone.

    Returns:
        One flat model from images to scores (N, K). Training it trains the backbone's layers too, unless frozen.

    Raises:
        ValueError: if the backbone's output is no feature map, or the head does not fit it.
    """
    import keras

    outputs: list[Any] = getattr(backbone, "outputs", None) or []
    if len(outputs) != 1 or len(outputs[0].shape) != 4:
        shapes = ", ".join(str(output.shape) for output in outputs) or "none"
        raise ValueError(
            f"A model without its head is needed, with (N, H, W, C) at its end; got {shapes}. Use include_top=False."
        )
    features = ops.image_input(tuple(outputs[0].shape[1:]))
    head = get(head)
    head(features, at_least(1, classes, "classes"))
    scores = _layers(tuple(features.graph.tensors.values()), outputs[0], activation, seed)
    return keras.Model(backbone.inputs[0], scores, name=f"{backbone.name}-{head.name}")


def _layers(
    tensors: Sequence[Tensor], first: Any, activation: str | None, seed: int | None, initializer: str = "glorot"
) -> Any:
    """Make a Keras layer of each tensor's op, the first being there already, and return the last one's output."""
    import keras

    made = {tensors[0].name: first}
    for tensor in tensors[1:]:
        op = tensor.op
        if tensor is tensors[-1] and isinstance(op, ops.Dense):
            op = dataclasses.replace(op, activation=activation)
        settings = (
            op.arguments if seed is None else {**op.arguments, **_seeded(op, _seed(seed, tensor.name), initializer)}
        )
        layer = _layer_class(op)(**settings, name=tensor.name)
        inputs = [made[source.name] for source in tensor.inputs]
        made[tensor.name] = layer(inputs if len(inputs) > 1 else inputs[0])
    scores = made[tensors[-1].name]
    if activation is None or isinstance(tensors[-1].op, ops.Dense):
        return scores
    return keras.layers.Activation(activation, name=activation)(scores)


def _layer_class(op: Op) -> type[keras.Layer]:
    import keras

    if not hasattr(keras.layers, op.layer):
        from tfpool import layers

        return getattr(layers, op.layer)
    return getattr(keras.layers, op.layer)


def _seed(seed: int, name: str) -> int:
    return crc32(f"{seed} {name}".encode()) >> 1


def _seeded(op: Op, seed: int, name: str) -> dict[str, Any]:
    import keras

    initializer = getattr(keras.initializers, INITIALIZERS[name])(seed=seed)
    if isinstance(op, ops.Conv2D | ops.Dense):
        return {"kernel_initializer": initializer}
    if isinstance(op, ops.DepthwiseConv2D):
        return {"depthwise_initializer": initializer}
    if isinstance(op, ops.Dropout):
        return {"seed": seed}
    return {}
