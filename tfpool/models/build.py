"""From a plan to a Keras model, and heads on Keras models and tensors: one stock layer per op, in one flat graph."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from tfpool.anatomy.known_pixels import KnownPixels, remember_pixels
from tfpool.counting.plan import Plan
from tfpool.models.op_layers import apply_layers, unused_names
from tfpool.networks import ops
from tfpool.networks.heads import Head, get, reads_other_tensors
from tfpool.system.extras import named_extras
from tfpool.system.notebook import quiet_notebook
from tfpool.validation import at_least

if TYPE_CHECKING:
    import keras


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
    scores = apply_layers(plan.tensors, image, activation, seed, initializer)
    model = keras.Model(image, scores, name=plan.name)
    if weights is not None:
        from tfpool.models.pretrained import load_weights, preprocess_input
        from tfpool.models.pretrained.imagenet import pixels_of

        load_weights(model, plan, weights)
        if weights == "imagenet":
            scale = partial(preprocess_input, plan.backbone)
            reason = "as its ImageNet weights expect"
            remember_pixels(model, KnownPixels(scale, pixels_of(plan.backbone), reason))
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
    from tfpool.anatomy.surroundings import names_before

    head = get(head)
    rename = unused_names(names_before(outputs[0]), lambda name: count())
    scores = _add_head(head, outputs[0], classes, rename, activation, seed)
    return keras.Model(backbone.inputs[0], scores, name=f"{backbone.name}-{head.name}")


@reads_other_tensors
def _add_layers(head: Head, features: Any, classes: int) -> Any:
    """Add a head after a Keras tensor. Its model is not known yet, so no name of this session is given again."""
    with named_extras(), quiet_notebook():
        import keras

    if not isinstance(features, keras.KerasTensor):
        raise ValueError(
            "Expected a feature map inside a Keras model, such as the output of a layer after keras.Input, got "
            f"{type(features).__name__}. Make a model with the head and call it; tp.with_head puts a head on a model."
        )
    from tfpool.anatomy.surroundings import names_connected

    def numbers(name: str) -> Iterator[int]:
        return (keras.backend.get_uid(name) - 1 for _ in count())

    return _add_head(head, features, classes, unused_names(names_connected(features), numbers))


def _add_head(
    head: Head,
    features: Any,
    classes: int,
    rename: Callable[[str], str],
    activation: str | None = None,
    seed: int | None = None,
) -> Any:
    """Add a head's layers after a Keras tensor, (N, H, W, C) to (N, K)."""
    from tfpool.anatomy.surroundings import channels_first_layer

    if len(features.shape) != 4 or features.shape[-1] is None:
        raise ValueError(
            f"A head needs a feature map (N, H, W, C) with a known number of channels, got {features.shape}."
        )
    if not features.dtype.startswith(("float", "bfloat")):
        raise ValueError(
            f"A head needs a feature map of floats, got {features.dtype}. Use keras.layers.Rescaling before."
        )
    if layer := channels_first_layer(features):
        raise ValueError(
            f"A head needs a feature map with channels last, got {features.shape} from layer {layer!r} with "
            "data_format='channels_first'. Put keras.layers.Permute((2, 3, 1)) before the head."
        )
    first = ops.image_input(tuple(features.shape[1:]))
    head(first, at_least(1, classes, "classes"))
    return apply_layers(tuple(first.graph.tensors.values()), features, activation, seed, rename=rename)
