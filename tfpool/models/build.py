"""From a plan to a Keras model: one stock layer per op, in one flat graph."""

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
from tfpool.system.extras import named_extras
from tfpool.system.notebook import quiet_notebook
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
        activation: applied to the scores, such as "softmax". Default: none, so the model returns logits.
        seed: fixes the initial weights and the dropout. Each layer's draw depends on the seed and the layer's name
            alone, so two heads on one backbone start from the same backbone weights.
        weights: "imagenet", or the path of a weight file in a format that `load_weights` reads. The backbone is loaded
            from there, and so is the head if its weights fit. `preprocess_input` prepares images for ImageNet weights.
            Default: random initial weights.
        initializer: the distribution of the initial weights when there is a seed: "glorot" (uniform) or "he" (normal).

    Returns:
        A model from images (N, H, W, C) to scores (N, K). `keras.models.load_model` opens its saved file
        without tfpool.

    Raises:
        ValueError: if `plan` is not a plan, or the weights do not exist or do not fit.

    Example:
        >>> import tfpool as tp
        >>> plan = tp.plan("convnet", head="flatten", input_shape=(28, 28, 1))
        >>> model = tp.build(plan, activation="softmax", seed=0)
        >>> model.output_shape
        (None, 10)
        >>> model.count_params() == plan.params
        True
    """
    with named_extras(), quiet_notebook():
        import keras

    if not isinstance(plan, Plan):
        raise ValueError(f"Expected a plan, such as tp.plan('resnet8'), got {plan!r}.")
    image = keras.Input(plan.input_shape, name=plan.tensors[0].name)
    scores = _apply_layers(plan.tensors, image, activation, seed, initializer)
    model = keras.Model(image, scores, name=plan.name)
    if weights is not None:
        from tfpool.models.pretrained import load_weights

        load_weights(model, plan, weights)
    return model


def with_head(
    backbone: keras.Model, head: str | Head, classes: int, activation: str | None = None, seed: int | None = None
) -> keras.Model:
    """Put a head on any headless Keras model, ours or keras.applications', sharing its layers and weights.

    Args:
        backbone: a model from images (N, H, W, C) to a feature map (N, h, w, c).
        head: a head such as `Flatten()`, or its lower-case name.
        classes: number of classes K.
        activation, seed: as for `build`; the seed fixes the head alone.

    Returns:
        One flat model from images to scores (N, K). Training it trains the backbone's layers too, unless frozen.

    Raises:
        ValueError: if the backbone does not end in a feature map, or the head does not fit the feature map.

    Example:
        >>> import tfpool as tp
        >>> import keras
        >>> backbone = keras.Sequential([keras.Input((10, 10, 3)), keras.layers.Conv2D(4, 3)])
        >>> flatten, gap = (tp.with_head(backbone, head, classes=5) for head in ("flatten", "gap"))
        >>> flatten.get_layer("predictions").count_params(), gap.get_layer("predictions").count_params()
        (1285, 25)
    """
    with named_extras():
        import keras

    outputs: list[Any] = getattr(backbone, "outputs", None) or []
    if len(outputs) != 1 or len(outputs[0].shape) != 4:
        shapes = ", ".join(str(output.shape) for output in outputs) or "none"
        raise ValueError(
            "Expected a model without its head, which ends in a feature map (N, H, W, C). "
            f"Received outputs: {shapes}. Use include_top=False."
        )
    features = ops.image_input(tuple(outputs[0].shape[1:]))
    head = get(head)
    head(features, at_least(1, classes, "classes"))
    scores = _apply_layers(tuple(features.graph.tensors.values()), outputs[0], activation, seed)
    return keras.Model(backbone.inputs[0], scores, name=f"{backbone.name}-{head.name}")


def _apply_layers(
    tensors: Sequence[Tensor], first: Any, activation: str | None, seed: int | None, initializer: str = "glorot"
) -> Any:
    """Make a Keras layer for each tensor's op, except for the first tensor, which `first` stands for.

    Returns the last layer's output.
    """
    import keras

    from tfpool import layers as own_layers

    outputs = {tensors[0].name: first}
    for tensor in tensors[1:]:
        op = tensor.op
        if tensor is tensors[-1] and isinstance(op, ops.Dense):
            op = dataclasses.replace(op, activation=activation)
        arguments = dict(op.arguments)
        if seed is not None:
            arguments |= _seeded_arguments(op, crc32(f"{seed} {tensor.name}".encode()) >> 1, initializer)
        layer = getattr(keras.layers, op.layer, None) or getattr(own_layers, op.layer, None)
        if layer is None:
            raise ValueError(
                f"Keras {keras.__version__} has no layer {op.layer}. Install Keras 3.13 or newer, or use another head."
            )
        inputs = [outputs[source.name] for source in tensor.inputs]
        outputs[tensor.name] = layer(**arguments, name=tensor.name)(inputs if len(inputs) > 1 else inputs[0])
    scores = outputs[tensors[-1].name]
    if activation is None or isinstance(tensors[-1].op, ops.Dense):
        return scores
    return keras.layers.Activation(activation, name=activation)(scores)


def _seeded_arguments(op: Op, seed: int, initializer: str) -> dict[str, Any]:
    import keras

    if isinstance(op, ops.Dropout):
        return {"seed": seed}
    draw = getattr(keras.initializers, INITIALIZERS[initializer])(seed=seed)
    if isinstance(op, ops.Conv2D | ops.Dense):
        return {"kernel_initializer": draw}
    return {"depthwise_initializer": draw} if isinstance(op, ops.DepthwiseConv2D) else {}
